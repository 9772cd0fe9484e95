"""Finds the other processes that hold locks on a database, by /proc/locks.

Opens none of the files: closing a handle would drop this process's own locks (fcntl).

SQLite locks bytes at fixed offsets (https://www.sqlite.org/src/file/src/os.h and wal.c). In the database they begin at
0x40000000. In the -shm file byte 120 is the writer's, and bytes 123 to 127 are the readers'.
"""

import os
from dataclasses import dataclass
from pathlib import Path

_LOCKS = Path("/proc/locks")
_WRITER_BYTES = range(120, 123)
_READER_BYTES = range(123, 128)
_DATABASE_BYTES = range(0x40000000, 0x40000000 + 512)


@dataclass(frozen=True, slots=True)
class Holder:
    """A process with a lock. `name` is "" if it is unknown."""

    pid: int
    name: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.name})" if self.name else f"process {self.pid}"


def writers(database: Path) -> list[Holder]:
    """Find other processes that block writing to `database`."""
    shm = database.with_name(database.name + "-shm")
    return _holders(shm, _WRITER_BYTES, writing=True) + _holders(database, _DATABASE_BYTES, writing=True)


def readers(database: Path) -> list[Holder]:
    """Find other processes that read `database` at this moment: its -wal file cannot shrink."""
    return _holders(database.with_name(database.name + "-shm"), _READER_BYTES, writing=False)


def in_words(holders: list[Holder]) -> str:
    """Name the processes."""
    return ", ".join(map(str, holders)) or "a process that cannot be told from here"


def _holders(path: Path, places: range, *, writing: bool) -> list[Holder]:
    """Return each process once. Return [] if /proc/locks or the file cannot be read."""
    try:
        found = path.stat()
        lines = _LOCKS.read_text().splitlines()
    except OSError:
        return []
    inode = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    pids = {pid for line in lines if (pid := _pid(line.split(), inode, places, writing=writing))}
    return [Holder(pid, _name(pid)) for pid in sorted(pids - {os.getpid()})]


def _pid(words: list[str], inode: str, places: range, *, writing: bool) -> int | None:
    """Read the process from a line: `1: POSIX ADVISORY READ 1234 fe:00:5678 124 124`. `EOF` may end the range."""
    if len(words) < 8 or words[1] == "->" or words[1] not in ("POSIX", "OFDLCK") or words[5] != inode:
        return None
    if writing and words[3] != "WRITE":
        return None
    first, last = int(words[6]), places[-1] if words[7] == "EOF" else int(words[7])
    return int(words[4]) if first <= places[-1] and last >= places[0] and int(words[4]) > 0 else None


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
