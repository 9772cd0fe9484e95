"""The process that reads photos and makes templates (`edge.tools.photo_enrolment`).

HQ never imports the gate's code. A photo may also be made to end the process that reads it. Then this photo is refused,
and another process reads the next one.
"""

import contextlib
import os
import select
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType

from pydantic import ValidationError

from common.photo_messages import FaceConflict, OwnedVector, PhotoAnswer, PhotoFile, PhotoRequest, line
from common.processes import Processes

COMMAND = (sys.executable, "-P", "-m", "edge.tools.photo_enrolment")
"""-P: a file beside the photos is never imported as a program."""
PHOTO_S = 60.0
"""Time for one photo. A large one takes a second on a small computer."""
SLOW_S = 1800.0
"""Time to list an archive, download the weights, or compare all faces."""
STOP_S = 2.0
_ANSWER_MAX = 64 << 20
_NAME = "matcher"


class MatcherFault(RuntimeError):
    """The process cannot work at all: no photos, no weights, not installed. The text says what to do."""


class _Ended(Exception):
    """The process ended, or did not answer in time."""


class PhotoMatcher:
    """Reads the photos in `source`, a folder or ZIP archive. A context; closing it ends the process.

    `models`: the folder of weights, None for the usual one; `fetch`: missing weights are downloaded.
    """

    def __init__(
        self,
        source: Path,
        models: Path | None = None,
        *,
        fetch: bool = False,
        photo_s: float = PHOTO_S,
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._source, self._fetch, self._photo_s, self._command = source.absolute(), fetch, photo_s, command
        self._models = str(models.absolute()) if models else ""
        self._processes = Processes()
        self._unread = b""
        self.files: tuple[PhotoFile, ...] = ()
        self.model_id = ""

    def __enter__(self) -> "PhotoMatcher":
        self._check_source()
        try:
            self._start()
        except BaseException:
            self._processes.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._processes.close()

    def template(self, file: PhotoFile) -> PhotoAnswer:
        """Return the template of the one face in a file, or the problem. Raises MatcherFault."""
        try:
            return self._ask(PhotoRequest(photo=file), self._photo_s)
        except _Ended as why:
            self._processes.stop(_NAME)
            self._start()
            return PhotoAnswer(problem=f"cannot be read ({why}): save it as a new JPEG")

    def relist(self) -> tuple[PhotoFile, ...]:
        """List the source again: files were added. Raises MatcherFault."""
        try:
            answer = self._ask(PhotoRequest(open_source=str(self._source)), self._photo_s)
        except _Ended as why:
            raise MatcherFault(f"the photos could not be listed ({why})") from why
        self.files = answer.files
        return self.files

    def forget(self) -> None:
        """Forget all templates that `conflicts` gave. Raises MatcherFault."""
        try:
            self._ask(PhotoRequest(forget=True), self._photo_s)
        except _Ended as why:
            raise MatcherFault(f"the templates could not be forgotten ({why})") from why

    def conflicts(self, held: Iterable[Sequence[OwnedVector]], new: Sequence[OwnedVector]) -> tuple[FaceConflict, ...]:
        """Compare the new templates with each other and with those that HQ has, in pieces. Raises MatcherFault."""
        try:
            for piece in held:
                self._ask(PhotoRequest(held=tuple(piece)), SLOW_S)
            return self._ask(PhotoRequest(new=tuple(new), compare=True), SLOW_S).conflicts
        except _Ended as why:
            raise MatcherFault(f"the faces could not be compared ({why}): enrol fewer at a time") from why

    def _check_source(self) -> None:
        """Refuse what holds no photos before the process and its models start. Raises MatcherFault."""
        try:
            self._source.stat()
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise MatcherFault(f"{self._source} cannot be read ({why}): check the name and its rights") from error
        if not self._source.is_dir() and not zipfile.is_zipfile(self._source):
            raise MatcherFault(f"{self._source} is neither a folder nor a ZIP archive: give one of both")

    def _start(self) -> None:
        """Start the process, and open photos and weights. Raises MatcherFault."""
        with tempfile.TemporaryFile() as said:
            self._unread = b""
            self._processes.start(_NAME, self._command, within_s=STOP_S, stdin=-1, stdout=-1, stderr=said)
            weights = {"fetch" if self._fetch else "open_models": self._models}
            try:
                files = self._ask(PhotoRequest(open_source=str(self._source)), SLOW_S)
                models = PhotoAnswer() if files.problem else self._ask(PhotoRequest(**weights), SLOW_S)
            except _Ended as why:
                said.seek(0)
                last = said.read()[-2000:].decode(errors="replace").strip().rpartition("\n")[2]
                raise MatcherFault(f"recognition does not start ({last or why}): sitegate check says why") from why
        if problem := files.problem or models.problem:
            raise MatcherFault(problem)
        if not files.files:
            raise MatcherFault(f"{self._source} holds no photos: name the folder or ZIP archive that does")
        self.files, self.model_id = files.files, models.model_id

    def _ask(self, request: PhotoRequest, within_s: float) -> PhotoAnswer:
        """Send a request and wait for its answer. Raises _Ended."""
        pipe = self._processes[_NAME].stdin
        assert pipe is not None
        try:
            pipe.write(line(request))
            pipe.flush()
            return PhotoAnswer.model_validate_json(self._line(within_s))
        except (OSError, ValidationError) as error:
            with contextlib.suppress(OSError):
                pipe.close()
            raise _Ended("it ends the program that reads it") from error

    def _line(self, within_s: float) -> bytes:
        output = self._processes[_NAME].stdout
        assert output is not None
        until = time.monotonic() + within_s
        pieces = [self._unread]
        size = 0
        while b"\n" not in pieces[-1]:
            if not select.select([output], [], [], max(0.0, until - time.monotonic()))[0]:
                raise _Ended(f"it takes longer than {within_s:g} s")
            pieces.append(os.read(output.fileno(), 1 << 20))
            size += len(pieces[-1])
            if not pieces[-1] or size > _ANSWER_MAX:
                raise _Ended("it ends the program that reads it")
        answer, _, self._unread = b"".join(pieces).partition(b"\n")
        return answer
