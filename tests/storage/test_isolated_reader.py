"""A database of another user, read in a process that may hang or die: the caller gets an answer in bounded time, or
none."""

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.core.domain import LockDownRequest
from edge.storage import isolated_reader, sqlite_file
from edge.storage.desk import DeskReader, DeskWriter

NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.db"


@pytest.fixture
def reader(path: Path) -> Iterator[isolated_reader.IsolatedReader]:
    made = isolated_reader.IsolatedReader(path)
    yield made
    made.close()


def test_ok__requests_arrive_through_it_once_and_in_order(path: Path, reader: isolated_reader.IsolatedReader) -> None:
    requests = DeskReader(path, reader)
    assert not requests.changed()
    desk = DeskWriter(path)
    refs = [
        desk.request_lock_down(LockDownRequest(by="anna", asked_utc=NOW), release=release) for release in (False, True)
    ]
    until(requests.changed)
    found = requests.requests(0)
    assert [request.ref for request in found] == refs
    assert not requests.changed()
    assert requests.requests(found[-1].id) == []
    desk.close()


@pytest.mark.parametrize("value", [None, 0, -(2**62), 1.5, "", "text ü 门", b"", b"\0\xff" * 500_000])
def test_ok__values_come_as_they_are(path: Path, reader: isolated_reader.IsolatedReader, value: object) -> None:
    db = sqlite_file.connect(path)
    db.execute("CREATE TABLE t (v)")
    db.execute("INSERT INTO t VALUES (?)", (value,))
    assert reader.rows("SELECT v, ? FROM t", (value,)) == [(value, value)]
    assert reader.rows("SELECT v FROM t WHERE 0") == []
    db.close()


def test_fail__an_index_cut_short_kills_the_reader_and_not_its_caller(
    path: Path, reader: isolated_reader.IsolatedReader
) -> None:
    db = sqlite_file.connect(path)
    db.execute("CREATE TABLE t (v)")
    db.close()
    assert reader.rows("SELECT count(*) FROM t") == [(0,)]
    os.truncate(f"{path}-shm", 0)
    with pytest.raises(sqlite3.OperationalError, match="its reader gave no answer"):
        reader.rows("SELECT count(*) FROM t")
    with pytest.raises(sqlite3.OperationalError, match="not read for a moment"):
        reader.rows("SELECT count(*) FROM t")


def test_fail__a_reader_that_hangs_is_replaced(
    path: Path, reader: isolated_reader.IsolatedReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolated_reader, "ANSWER_S", 0.2)
    monkeypatch.setattr(isolated_reader, "PAUSE_S", 0.1)
    db = sqlite_file.connect(path)
    db.execute("CREATE TABLE t (v)")
    assert reader._process is not None
    os.kill(reader._process.pid, signal.SIGSTOP)
    with pytest.raises(sqlite3.OperationalError, match="no answer in time"):
        reader.rows("SELECT count(*) FROM t")
    assert reader.changed() is False
    until(lambda: answers(reader))
    db.close()


@pytest.mark.parametrize(
    "sent", [b"", b"rubbish" * 10, b"n\xff\xff\xff\xff\xff\xff\xff\xff", b"n\1\0\0\0\0\0\0\0s\xff\xff\xff\xff\0\0\0\0"]
)
def test_fail__an_answer_that_is_none(tmp_path: Path, sent: bytes) -> None:
    (tmp_path / "answer").write_bytes(sent)
    with (tmp_path / "answer").open("rb") as file, pytest.raises((ValueError, EOFError, isolated_reader.struct.error)):
        isolated_reader.unpacked(file)


def test_ok__it_ends_with_its_caller(path: Path) -> None:
    reader = isolated_reader.IsolatedReader(path)
    process = reader._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(10) == 0
    reader.close()


def answers(reader: isolated_reader.IsolatedReader) -> bool:
    try:
        return reader.rows("SELECT count(*) FROM t") == [(0,)]
    except sqlite3.OperationalError:
        return False


def until(true: object) -> None:
    assert callable(true)
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
