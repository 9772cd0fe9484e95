"""The newest picture of the person who approaches: a file in memory, never on a disk.

The gate process writes it, and the screen process reads it. The folder admits these two users alone: the network
process must not see a face.
"""

import hashlib
import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge.system.regular_file import read_regular

NAME = "preview.jpg"
BYTES_MAX = 100_000
FRESH_S = 1.0
"""An older picture is of a gate process that hangs or was killed. It is not shown."""
_JPEG = b"\xff\xd8\xff"
_SHARED_MEMORY = Path("/dev/shm")


class PreviewOff(OSError):
    """The folder cannot be used, so there is no picture. The text says why."""


@dataclass(frozen=True, slots=True)
class PreviewPicture:
    """One JPEG. `stamp`: changes with each picture."""

    stamp: int
    jpeg: bytes


def preview_path(runtime_dir: Path | None, state_dir: Path, user: int) -> Path:
    """Return the folder of the pictures. `runtime_dir`: systemd's, in memory. `user`: of the gate process."""
    if runtime_dir is not None:
        return runtime_dir / "preview"
    name = hashlib.sha256(str(state_dir.resolve()).encode()).hexdigest()[:16]
    return _SHARED_MEMORY / f"sitegate-{user}-{name}"


class PreviewFolder:
    """The gate's side. `readers`: the group that may read, besides the gate's own user; None: nobody else.

    Raises:
        PreviewOff: the folder is not the gate's own, or not in memory.
    """

    def __init__(self, path: Path, readers: int | None) -> None:
        self._path, self._file = path, path / NAME
        try:
            with suppress(FileExistsError):
                path.mkdir(mode=0o700)
            self._admit(readers)
        except OSError as error:
            raise PreviewOff(f"{path} cannot be used ({error.strerror}): there is no picture in the lane") from error
        self.remove()

    def put(self, jpeg: bytes) -> None:
        """Replace the picture. Raises OSError."""
        new = self._path / f".{NAME}.new"
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, 0o644)  # the folder decides who reads
            file.write(jpeg)
        new.replace(self._file)

    def remove(self) -> None:
        """Remove the picture, if there is one."""
        for name in (NAME, f".{NAME}.new"):
            with suppress(OSError):
                (self._path / name).unlink()

    def _admit(self, readers: int | None) -> None:
        """Check that the folder is this process's own, and let in one group. Raises OSError."""
        found = self._path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise OSError(0, "something of another user lies there")
        shared = readers is not None and readers != os.getegid()
        if shared:
            os.chown(self._path, -1, readers)  # type: ignore[arg-type]
        self._path.chmod(0o750 if shared else 0o700)


class PreviewReader:
    """The screen's side. `paths`: where the gate process may write. `owner`: its user."""

    def __init__(self, paths: Sequence[Path], owner: int | None) -> None:
        self._files, self._owner = [path / NAME for path in paths], owner

    def newest(self, seen: int = 0) -> PreviewPicture | None:
        """Return the present picture; None if there is none, or it is the one of the stamp `seen`. Never raises."""
        for file in self._files:
            with suppress(OSError):
                stamp = file.lstat().st_mtime_ns
                if abs(time.time() - stamp / 1e9) > FRESH_S:
                    continue
                if stamp == seen:
                    return None
                jpeg = read_regular(file, BYTES_MAX, self._owner)
                if jpeg.startswith(_JPEG):
                    return PreviewPicture(stamp, jpeg)
        return None
