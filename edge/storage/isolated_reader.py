"""Reads another user's database in a separate process, which may hang or die without harm.

SQLite maps the index of a write-ahead log into memory: if its owner cuts that file short, the reader dies of SIGBUS. A
named pipe put in a file's place at the right moment blocks the reader for ever. So the gate process does not open such
files itself. It asks this process, waits a bounded time, and starts another process if there is no answer.

    python -m edge.storage.isolated_reader DATABASE

Questions and answers go through pipes, as a list of values, each with its type and length. Nothing in an answer is
executed.
"""

import contextlib
import os
import resource
import select
import signal
import sqlite3
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from common.processes import follow
from edge.storage import database_reader, untrusted_database

log = structlog.get_logger()

GREETING = "ready"
START_S = 20.0
"""The longest wait for the first process. At the start of the gate no frames are processed yet."""
ANSWER_S = 2.0
"""After a longer silence the process is replaced."""
PAUSE_S = 5.0
"""Pause between two processes for the same file."""
ASK_EVERY_S = 1.0
"""The process is asked for changes when the file's times or sizes differ, and at least this often."""
MEMORY_BYTES = 768 * 1024 * 1024
_ANSWER_MAX = untrusted_database.RESULT_BYTES_MAX + 4 * 1024 * 1024
PIPE_BYTES = 1024 * 1024
"""Enough for a part of a list, so that the two processes need not take turns."""
_HEAD = struct.Struct("<cQ")

Value = int | float | str | bytes | None


class IsolatedReader(database_reader.DatabaseReader):
    """A `DatabaseReader` for a file whose owner may be an enemy. `db` and `ask` do not work here."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, database_reader.UNTRUSTED_WAIT_S)
        self._process: subprocess.Popen[bytes] | None = None
        self._start_s, self._greeted = 0.0, False
        self._seen: object = None
        self._ask_s = 0.0
        with contextlib.suppress(sqlite3.OperationalError):  # reported, and tried again, at the first question
            self._start()
            self._greet(START_S)

    def changed(self) -> bool:
        seen, now = (_identity(self._path), _identity(self._path.with_name(f"{self._path.name}-wal"))), time.monotonic()
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
        if str(error) != self._logged:
            self._logged = str(error)
            log.warning("database_not_read", path=str(self._path), error=str(error))

    def close(self) -> None:
        """End the process. May be called twice."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None and process.stdout is not None:
            process.kill()
            process.wait()
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.stdout.close()

    def _ask(self, question: list[Value]) -> list[tuple[Any, ...]]:
        """Send a question and read the rows of the answer. Raises sqlite3.OperationalError if there is none."""
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
        """Wait until a new process is ready. `wait_s` is 0 while people use the gate. Raises OperationalError."""
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
    """Write values as bytes: their number, then type, length and content of each."""
    parts = [_HEAD.pack(b"n", len(values))]
    for value in values:
        kind = next(k for k, of in _KINDS.items() if isinstance(value, of))
        body = b"" if value is None else value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
        parts += [_HEAD.pack(kind, len(body)), body]
    return b"".join(parts)


_KINDS: dict[bytes, type] = {b"i": int, b"f": float, b"s": str, b"b": bytes, b"0": type(None)}


def unpacked(source: "_Bounded | BinaryIO") -> list[Any]:
    """Read the values from bytes. Raises ValueError for anything else, EOFError at the end."""
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
    """A pipe with a limit of time (monotonic) and of size."""

    def __init__(self, handle: int, until_s: float) -> None:
        self._handle, self._until_s, self._left = handle, until_s, _ANSWER_MAX

    def read(self, size: int) -> bytes:
        """Read exactly this number of bytes."""
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
                raise EOFError("the process ended")
            room = room[count:]
        return bytes(found)


def _identity(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def serve(path: Path, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer questions until the pipe ends."""
    reader = database_reader.DatabaseReader(path, database_reader.UNTRUSTED_WAIT_S)
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
    follow(os.getppid(), signal.SIGKILL)  # the end of its input ends it too, unless the file holds it up
    serve(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
