"""The newest picture of the person who approaches: a file in memory, which the gate writes and the screen reads.

The process with the network cannot read it (`edge.app.memory_folder`).
"""

import time
from contextlib import suppress
from dataclasses import dataclass

from edge.app.memory_folder import gate_owner, memory_files, memory_folder, remove_for_screen, replace_for_screen
from edge.core.config import Config
from edge.system.regular_file import read_regular

NAME = "preview.jpg"
BYTES_MAX = 100_000
FRESH_S = 1.0
"""An older picture is of a gate process that hangs or was killed. It is not shown."""
_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class PreviewPicture:
    """One JPEG. `stamp`: changes with each picture."""

    stamp: int
    jpeg: bytes


class PreviewFile:
    """The gate's side. Removes a picture that an earlier process left."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self.remove()

    def put(self, jpeg: bytes) -> None:
        """Replace the picture. Raises OSError."""
        replace_for_screen(self._config, memory_folder(self._config) / NAME, jpeg)

    def remove(self) -> None:
        """Remove the picture, if there is one."""
        with suppress(OSError):
            remove_for_screen(self._config, NAME)


class PreviewReader:
    """The screen's side."""

    def __init__(self, config: Config) -> None:
        self._config, self._files = config, memory_files(config, NAME)

    def newest(self, seen: int = 0) -> PreviewPicture | None:
        """Return the present picture; None if there is none, or it is the one of the stamp `seen`. Never raises."""
        for file in self._files:
            with suppress(OSError):
                stamp = file.lstat().st_mtime_ns
                if abs(time.time() - stamp / 1e9) > FRESH_S:
                    continue
                if stamp == seen:
                    return None
                jpeg = read_regular(file, BYTES_MAX, gate_owner(self._config))
                if jpeg.startswith(_JPEG):
                    return PreviewPicture(stamp, jpeg)
        return None
