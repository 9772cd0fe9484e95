"""What another process may put in a file's place: a reader never waits for it, never believes code in it, and says
so."""

import os
import socket
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from structlog.testing import capture_logs

from edge.core.config import SiteConfig
from edge.replica.reader import ReplicaReader
from edge.replica.writer import ReplicaWriter
from edge.storage import database_reader, sqlite_file, untrusted_database
from edge.storage.desk import DeskReader, DeskWriter
from edge.storage.journal import Journal, JournalReader
from edge.system.clock import SystemClock
from edge.system.regular_file import NotRegularFile, read_regular

PLANTED: dict[str, Callable[[Path], object]] = {
    "folder": Path.mkdir,
    "pipe": os.mkfifo,
    "link": lambda path: path.symlink_to("/etc/passwd"),
    "loop": lambda path: path.symlink_to(path),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "socket": lambda path: socket.socket(socket.AF_UNIX).bind(str(path)),
}


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.filterwarnings("ignore:unclosed")
def test_fail__what_is_no_file_is_refused_without_a_wait(tmp_path: Path, what: str) -> None:
    PLANTED[what](tmp_path / "x")
    with pytest.raises(NotRegularFile, match="where a file should be"):
        read_regular(tmp_path / "x", 100)


def test_fail__too_large_or_of_another_owner(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"1234567890")
    assert read_regular(path, 10) == b"1234567890"
    with pytest.raises(NotRegularFile, match="larger than 9 bytes"):
        read_regular(path, 9)
    os.chown(path, 12345, -1)
    with pytest.raises(NotRegularFile, match="belongs to user 12345"):
        read_regular(path, 10, owner=os.geteuid())
    assert read_regular(path, 10, owner=12345)
    with pytest.raises(FileNotFoundError):
        read_regular(tmp_path / "none", 10)


@pytest.mark.parametrize("what", PLANTED)
@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
@pytest.mark.filterwarnings("ignore:unclosed")
def test_fail__a_database_whose_place_holds_something_else(tmp_path: Path, what: str, suffix: str) -> None:
    path = tmp_path / "replica.db"
    ReplicaWriter(path).close()
    place = path.with_name(path.name + suffix)
    place.unlink()
    PLANTED[what](place)
    reader = replica(path)
    assert reader.refresh() is False
    assert (reader.commands(SystemClock().utc()), reader.acks(), reader.incidents()) == ([], [], [])
    reader.close()


def replica(path: Path) -> ReplicaReader:
    return ReplicaReader(path, SiteConfig(), Ed25519PrivateKey.generate().public_key(), X25519PrivateKey.generate())


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, zeroblob(1000000) AS envelope FROM n"
MALICE = {
    "a view without end": f"CREATE VIEW commands AS {ENDLESS}",
    "a view on what exists": "CREATE VIEW commands AS SELECT id, ref AS envelope FROM incidents",
    "a virtual table": "CREATE VIRTUAL TABLE commands USING fts5(id, envelope)",
    "a trigger": "CREATE TABLE commands (id INTEGER PRIMARY KEY, envelope); "
    "CREATE TRIGGER t AFTER INSERT ON commands BEGIN DELETE FROM incidents; END",
    "a number for bytes": "CREATE TABLE commands (id INTEGER PRIMARY KEY, envelope); "
    "INSERT INTO commands VALUES (1, 4000000000)",
    "a text for bytes": "CREATE TABLE commands (id INTEGER PRIMARY KEY, envelope); INSERT INTO commands VALUES (1, 'text')",
    "nothing for bytes": "CREATE TABLE commands (id INTEGER PRIMARY KEY, envelope); INSERT INTO commands VALUES (1, NULL)",
    "a blob too long": "CREATE TABLE commands (id INTEGER PRIMARY KEY, envelope); "
    "INSERT INTO commands VALUES (1, zeroblob(30000000))",
    "a computed blob too long": "CREATE TABLE commands (id INTEGER PRIMARY KEY, "
    "envelope AS (zeroblob(900000000))); INSERT INTO commands VALUES (1)",
    "more rows than there can be": "CREATE TABLE commands (id INTEGER PRIMARY KEY, envelope); "
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) INSERT INTO commands SELECT i, x'00' FROM n",
}


@pytest.mark.parametrize("what", MALICE)
def test_fail__a_database_made_to_harm_its_reader(tmp_path: Path, what: str) -> None:
    path = tmp_path / "replica.db"
    ReplicaWriter(path).close()
    db = sqlite3.connect(path)
    db.executescript(f"DROP TABLE commands; {MALICE[what]}")
    db.close()
    reader = replica(path)
    reader.refresh()
    assert reader.commands(SystemClock().utc()) == []
    reader.acks()
    reader.incidents()
    reader.close()


def test_fail__a_query_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untrusted_database, "QUERY_S", 0.2)
    path = tmp_path / "x.db"
    db = sqlite_file.connect(path)
    db.execute("CREATE TABLE t (n)")
    db.executemany("INSERT INTO t VALUES (?)", ((n,) for n in range(3000)))
    reader = database_reader.DatabaseReader(path)
    opened = reader.db()
    assert opened is not None
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        opened.execute("SELECT count(*) FROM t a, t b, t c").fetchone()
    assert opened.execute("SELECT count(*) FROM t").fetchone() == (3000,), "the next one has its own time"
    reader.close()
    db.close()


def test_fail__a_reader_cannot_write(tmp_path: Path) -> None:
    db = sqlite_file.connect(tmp_path / "x.db")
    db.execute("CREATE TABLE t (n)")
    opened = database_reader.DatabaseReader(tmp_path / "x.db").db()
    assert opened is not None
    with pytest.raises(sqlite3.OperationalError):
        opened.execute("INSERT INTO t VALUES (1)")
    opened.close()
    db.close()


def test_fail__a_lock_that_another_process_holds_costs_a_moment_and_not_each_turn(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    DeskWriter(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("DELETE FROM audit")
    late = DeskReader(path, database_reader.DatabaseReader(path, database_reader.UNTRUSTED_WAIT_S))
    assert late.changed() is False
    tries, began = 0, time.monotonic()
    while time.monotonic() - began < database_reader._AGAIN_S / 2:
        assert late.requests(0) == []
        tries += 1
    assert tries > 100, "between two tries there is no wait"
    other.close()
    late.close()


def test_ok__a_writer_leaves_what_a_reader_of_another_user_needs(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    Journal(path, SiteConfig(), SystemClock()).close()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "journal.db", "journal.db-shm", "journal.db-wal", "journal.db.lock",
    ]  # fmt: skip
    reader = JournalReader(path)
    assert reader.epoch
    reader.close()


@pytest.mark.parametrize("what", ["folder", "pipe", "link"])
def test_fail__a_writer_whose_place_holds_something_else_says_so(tmp_path: Path, what: str) -> None:
    PLANTED[what](tmp_path / "x.db")
    with pytest.raises(sqlite3.OperationalError, match="is no file"):
        sqlite_file.connect(tmp_path / "x.db")
    PLANTED[what](tmp_path / "y.db.lock")
    with pytest.raises(sqlite_file.DatabaseLocked):
        sqlite_file.lock(tmp_path / "y.db")


def test_ok__a_table_that_is_just_being_made_is_no_news_and_one_that_stays_away_is(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "x.db").execute("CREATE TABLE other (x)").connection.close()
    reader = database_reader.DatabaseReader(tmp_path / "x.db")
    with capture_logs() as logs:
        for wait_s in (0.0, 0.1, 1.1, 0.0):
            time.sleep(wait_s)
            try:
                reader.rows("SELECT 1 FROM events")
            except sqlite3.DatabaseError as error:
                reader.gave_up(error)
            assert len(logs) == (1 if wait_s == 1.1 or logs else 0)
    assert [entry["event"] for entry in logs] == ["database_not_read"]
    reader.close()
