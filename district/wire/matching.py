"""Judge photos with the matcher's weights, in a process that is kept for a while: its start takes seconds.

The process holds templates, so it ends soon after the last photo. It ends at once when HQ destroyed one that it holds.
"""

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from common.photo_messages import OwnedVector
from district.wire.door import HqDoor
from district.wire.records import HqAway
from hq.photos.matcher_process import MatcherFault, PhotoMatcher

KEPT_S = 60.0
_MEMORY = Path("/dev/shm")
"""Files there never reach a disk."""
_PIECE = 1_000


@dataclass(frozen=True, slots=True)
class PhotoToJudge:
    """A photo of one worker, as a JPEG or another kind that browsers send."""

    number: int
    worker_id: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class JudgedPhoto:
    """What became of a photo. `problem`: of the photo itself. `looks_like`: the worker whose face it also is; the
    worker's own id if it is another face than before.
    """

    number: int
    model_id: str = ""
    vector: bytes = field(default=b"", repr=False)
    problem: str = ""
    looks_like: str = ""


class FaceMatching:
    """Makes templates of photos and compares them with all that HQ has. For one thread."""

    def __init__(self, models: Path | None = None) -> None:
        """`models`: the folder of weights; None: the usual one."""
        self._models = models
        self._folder: Path | None = None
        self._matcher: PhotoMatcher | None = None
        self._held: set[str] = set()
        self._used_s = 0.0

    def open(self) -> None:
        """Start the process, if it does not run. Raises HqAway."""
        self._used_s = time.monotonic()
        if self._matcher is not None:
            return
        self._folder = Path(tempfile.mkdtemp(prefix="sitegate-photos-", dir=_MEMORY if _MEMORY.is_dir() else None))
        (self._folder / "begin").touch()
        matcher = PhotoMatcher(self._folder, self._models)
        try:
            self._matcher = matcher.__enter__()
        except (MatcherFault, OSError) as error:
            self.close()
            raise HqAway(f"photos cannot be judged: {error}") from error

    def judge(self, door: HqDoor, photos: Sequence[PhotoToJudge]) -> list[JudgedPhoto]:
        """Judge photos, of each worker one. Raises HqAway."""
        self.open()
        try:
            return self._judge(door, photos)
        except MatcherFault as error:
            self.close()
            raise HqAway(f"photos cannot be judged: {error}") from error

    def close_unused(self) -> None:
        """End the process if it had no photo for a while."""
        if self._matcher is not None and time.monotonic() - self._used_s > KEPT_S:
            self.close()

    def close(self) -> None:
        """End the process, and remove its folder. May be called twice."""
        if self._matcher is not None:
            self._matcher.__exit__(None, None, None)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._matcher, self._folder, self._held = None, None, set()

    def _judge(self, door: HqDoor, photos: Sequence[PhotoToJudge]) -> list[JudgedPhoto]:
        matcher, folder = self._matcher, self._folder
        assert matcher is not None and folder is not None
        judged: dict[int, JudgedPhoto] = {}
        paths = {str(one.number): folder / str(one.number) for one in photos}
        try:
            for one in photos:
                _write(paths[str(one.number)], one.data)
            for file in matcher.relist():
                if file.name in paths:
                    answer = matcher.template(file)
                    number, vector = int(file.name), answer.vector or b""
                    judged[number] = JudgedPhoto(number, answer.model_id, vector, answer.problem or file.problem)
        finally:
            for path in paths.values():
                path.unlink(missing_ok=True)
        new = {one.worker_id: judged[one.number] for one in photos if judged[one.number].vector}
        for worker_id, other in self._conflicts(matcher, door, new).items():
            found = new[worker_id]
            judged[found.number] = JudgedPhoto(found.number, found.model_id, found.vector, looks_like=other)
        return list(judged.values())

    def _conflicts(self, matcher: PhotoMatcher, door: HqDoor, new: dict[str, JudgedPhoto]) -> dict[str, str]:
        """Compare new templates with those of HQ. The process gets only what it does not hold yet."""
        if not new:
            return {}
        present = door.template_digests()
        if self._held - present:
            matcher.forget()
            self._held = set()
        fresh, pieces = present - self._held, list[list[OwnedVector]]()
        for worker_id, vector in door.templates(matcher.model_id, fresh):
            if not pieces or len(pieces[-1]) == _PIECE:
                pieces.append([])
            pieces[-1].append(OwnedVector(worker_id=worker_id, model_id=matcher.model_id, vector=vector))
        self._held |= fresh
        vectors = [OwnedVector(worker_id=who, model_id=one.model_id, vector=one.vector) for who, one in new.items()]
        return {found.worker_id: found.other_id for found in matcher.conflicts(pieces, vectors)}


def _write(path: Path, data: bytes) -> None:
    """Write a file that its owner alone can read."""
    path.touch(mode=0o600)
    path.write_bytes(data)
