"""Tells whether the files of an open database are still those on the disk.

What is written to a removed or replaced file is lost when it is closed, and SQLite reports no error.
"""

import os
import time
from pathlib import Path

LOOK_EVERY_S = 0.01
"""One look takes up to a fifth of an append. Events between two looks are in the file that was open: they are saved
from it."""


class FileWatch:
    """Remembers the database file, its -wal and its -shm file."""

    def __init__(self, path: Path) -> None:
        """Remember the files. All three exist after the first write. Raises OSError."""
        names = [str(path) + suffix for suffix in ("", "-wal", "-shm")]
        self._known = [(name, *_identity(name)) for name in names]
        self._looked_s = float("-inf")

    def replaced(self, *, thorough: bool = False) -> str:
        """Return the name of a file that is missing or another, or "" if all are the same.

        `thorough`: look at once, also at the -shm file, which holds no event. Otherwise calls within LOOK_EVERY_S share
        one look.
        """
        now_s = time.monotonic()
        if not thorough and now_s - self._looked_s < LOOK_EVERY_S:
            return ""
        self._looked_s = now_s
        for name, device, inode in self._known if thorough else self._known[:2]:
            try:
                found = os.lstat(name)
            except OSError:
                return Path(name).name
            if found.st_ino != inode or found.st_dev != device:
                return Path(name).name
        return ""


def _identity(name: str) -> tuple[int, int]:
    found = os.lstat(name)  # a symbolic link is another file; and a third of the time of Path.lstat, at each event
    return found.st_dev, found.st_ino
