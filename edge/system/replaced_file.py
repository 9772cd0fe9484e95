"""A file that another process replaces whole at each change: read and parsed once for each."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from edge.system.regular_file import open_regular

T = TypeVar("T")


class ReplacedFile(Generic[T]):
    """Holds what the file said last. `parsed`: its content; None if it says nothing. `limit`: the most bytes.

    Several threads may read.
    """

    def __init__(self, limit: int, parsed: Callable[[bytes], T | None]) -> None:
        self._limit, self._parsed = limit, parsed
        self._held: tuple[tuple[int, ...], T | None] = ((), None)

    def read(self, path: Path, owner: int | None = None) -> T | None:
        """Return what was written last. Costs one look while nothing was written. Raises as `open_regular`."""
        handle = open_regular(path, owner)
        with os.fdopen(handle, "rb") as file:
            stat, held = os.fstat(handle), self._held
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen != held[0]:
                text = file.read(self._limit + 1)
                held = self._held = seen, self._parsed(text) if len(text) <= self._limit else None
            return held[1]

    def forget(self) -> None:
        """Hold nothing any more."""
        self._held = (), None
