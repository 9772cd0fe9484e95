"""Reading another user's database in a process of its own, which may hang or die without harm.

SQLite maps the index of a write-ahead log into memory: when its owner cuts that file short, the reader dies of SIGBUS. And a
named pipe put in a file's place at the right moment holds up the reader for ever. So the gate process does not open such
files itself: it asks this process, waits a bounded time, and starts another when it does not answer.

    python -m edge.storage.isolated_reader DATABASE

Questions and answers go through pipes: a list of values, each with its type and length. Nothing in an answer is ever run.
"""

import contextlib
import os
import resource
import select
import sqlite3
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from edge.storage import sqlite_file, untrusted_database

log = structlog.get_logger()

GREETING = "ready"
START_S = 20.0
"""The first process is waited for: a gate that is only starting has no people before it."""
ANSWER_S = 2.0
"""A longer silence, and the process is replaced."""
PAUSE_S = 5.0
"""Between two processes for the same file, so that trying does not take all the time."""
ASK_EVERY_S = 1.0
"""Whether the file changed is asked when its times or sizes differ, and so often in any case."""
MEMORY_BYTES = 768 * 1024 * 1024
_ANSWER_MAX = untrusted_database.RESULT_BYTES_MAX + 4 * 1024 * 1024
PIPE_BYTES = 1024 * 1024
"""Room for a part of a list, so that both sides need not take turns."""
_HEAD = struct.Struct("<cQ")

Value = int | float | str | bytes | None


class IsolatedReader(sqlite_file.DatabaseReader):
    """Read a file whose owner may be an enemy, as `edge.storage.sqlite_file.DatabaseReader` does. `db` does not work here."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, sqlite_file.UNTRUSTED_WAIT_S)
        self._process: subprocess.Popen[bytes] | None = None
        self._start_s, self._greeted = 0.0, False
        self._seen: object = None
        self._ask_s = 0.0
        with contextlib.suppress(sqlite3.OperationalError):  # said, and tried again, at the first question
            self._start()
            self._greet(START_S)

    def changed(self) -> bool:
        seen, now = (_mark(self._path), _mark(self._path.with_name(f"{self._path.name}-wal"))), time.monotonic()
        if seen == self._seen and now < self._ask_s:
            return False
        self._seen, self._ask_s = seen, now + ASK_EVERY_S
        try:
            return self._ask(["changed"]) == [(1,)]
        except sqlite3.DatabaseError as error:
            self.gave_up(error)
            return False

    def rows(self, sql: str, values: tuple[Any, ...] = (), types: tuple[type, ...] = ()) -> list[Any]:
        return untrusted_database.of_types(self._ask([sql, *values]), types)

    def gave_up(self, error: sqlite3.DatabaseError | OSError) -> None:
        if str(error) != self._said:
            self._said = str(error)
            log.warning("database_not_read", path=str(self._path), error=str(error))

    def close(self) -> None:
        """May be called twice."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None and process.stdout is not None:
            process.kill()
            process.wait()
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.stdout.close()

    def _ask(self, question: list[Value]) -> list[tuple[Any, ...]]:
        """Raises sqlite3.OperationalError if there is no answer."""
        if self._process is None:
            if time.monotonic() < self._start_s:
                raise sqlite3.OperationalError("not read for a moment: its reader ended")
            self._start()
        try:
            if not self._greeted:
                self._greet(0)
            return self._answer(question)
        except (OSError, ValueError, EOFError, struct.error) as error:
            self.close()
            self._start_s = time.monotonic() + PAUSE_S
            raise sqlite3.OperationalError(f"its reader gave no answer ({error})") from error

    def _start(self) -> None:
        self._greeted = False
        command = [sys.executable, "-m", "edge.storage.isolated_reader", str(self._path.absolute())]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                pipesize=PIPE_BYTES,
            )
        except OSError as error:
            self._start_s = time.monotonic() + PAUSE_S
            raise sqlite3.OperationalError(f"no reader can be started ({error})") from error

    def _greet(self, wait_s: float) -> None:
        """Wait for a new process to be there; none is waited for while people stand at the gate. Raises OperationalError."""
        assert self._process is not None
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], wait_s)[0]:
            raise sqlite3.OperationalError("not read for a moment: its reader is starting")
        if unpacked(_Bounded(self._process.stdout.fileno(), time.monotonic() + ANSWER_S)) != [GREETING]:
            raise ValueError("not an answer")
        self._greeted = True

    def _answer(self, question: list[Value]) -> list[tuple[Any, ...]]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(packed(question))
        width, *flat = unpacked(_Bounded(process.stdout.fileno(), time.monotonic() + ANSWER_S))
        if not isinstance(width, int):
            raise sqlite3.DatabaseError(str(width))
        return [tuple(flat[at : at + width]) for at in range(0, len(flat), width)] if width else []


def packed(values: list[Value]) -> bytes:
    """Values as bytes: how many, and of each its type and length."""
    parts = [_HEAD.pack(b"n", len(values))]
    for value in values:
        kind = next(k for k, of in _KINDS.items() if isinstance(value, of))
        body = b"" if value is None else value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
        parts += [_HEAD.pack(kind, len(body)), body]
    return b"".join(parts)


_KINDS: dict[bytes, type] = {b"i": int, b"f": float, b"s": str, b"b": bytes, b"0": type(None)}


def unpacked(source: "_Bounded | BinaryIO") -> list[Any]:
    """The values again. Raises ValueError for anything else, EOFError at the end."""
    kind, count = _HEAD.unpack(source.read(_HEAD.size))
    if kind != b"n" or count > untrusted_database.ROWS_MAX * 10:
        raise ValueError("not an answer")
    values: list[Any] = []
    for _ in range(count):
        kind, length = _HEAD.unpack(source.read(_HEAD.size))
        if kind not in _KINDS or length > untrusted_database.BYTES_MAX:
            raise ValueError("not an answer")
        body = source.read(length)
        values.append(None if kind == b"0" else body if kind == b"b" else _KINDS[kind](body.decode()))
    return values


class _Bounded:
    """A pipe that is read until a monotonic time at the latest, and up to a size."""

    def __init__(self, handle: int, until_s: float) -> None:
        self._handle, self._until_s, self._left = handle, until_s, _ANSWER_MAX

    def read(self, size: int) -> bytes:
        """Exactly so many bytes."""
        found = bytearray(size)
        room = memoryview(found)
        self._left -= size
        if self._left < 0:
            raise ValueError("too long an answer")
        while room:
            if not select.select([self._handle], [], [], max(0.0, self._until_s - time.monotonic()))[0]:
                raise TimeoutError("no answer in time")
            count = os.readv(self._handle, [room])
            if not count:
                raise EOFError("it ended")
            room = room[count:]
        return bytes(found)


def _mark(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def serve(path: Path, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer questions until the pipe ends."""
    reader = sqlite_file.DatabaseReader(path, sqlite_file.UNTRUSTED_WAIT_S)
    sink.write(packed([GREETING]))
    sink.flush()
    while True:
        try:
            sql, *values = unpacked(source)
        except (struct.error, EOFError, ValueError):
            return
        answer: list[Value]
        if sql == "changed":
            answer = [1, int(reader.changed())]
        else:
            try:
                found = reader.rows(sql, tuple(values))
                answer = [len(found[0]) if found else 0, *(value for row in found for value in row)]
            except sqlite3.DatabaseError as error:
                reader.gave_up(error)
                answer = [str(error)]
        sink.write(packed(answer))
        sink.flush()


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
