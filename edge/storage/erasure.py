"""What is sealed in an enrolment leaves the journal once HQ holds the event; the record and its hash stay (`contract.erasure`).

Also from the write-ahead log, where SQLite keeps what was written until it is put into the file. The gate does it between two
frames, so nothing here waits for a reader: what is busy now is done another time.
"""

import mmap
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from contract.erasure import without_sealed

_SEALED = 'erased IS NULL AND instr(body, \'"type":"enrolment"\') > 0'
"""Enrolments that still hold what was sealed; an index lists only those."""
_MARK = b'"sealed_record":"'
_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=")
_SEAL_MAX = 65_536


def prepare(db: sqlite3.Connection) -> None:
    """The column and the index, in a file of an earlier version too. Raises sqlite3.Error."""
    if not has_column(db):
        db.execute("ALTER TABLE events ADD COLUMN erased BLOB")
    db.execute(f"CREATE INDEX IF NOT EXISTS events_sealed ON events (seq) WHERE {_SEALED}")


def has_column(db: sqlite3.Connection) -> bool:
    """False for a file that only an earlier version has written."""
    found = db.execute("SELECT 1 FROM pragma_table_info('events') WHERE name = 'erased'").fetchone()
    return found is not None


def column(db: sqlite3.Connection) -> str:
    """What to ask of a file of any version."""
    return "erased" if has_column(db) else "NULL"


def waiting(db: sqlite3.Connection) -> int:
    """The first event that still holds something sealed; 0 if none does. Raises sqlite3.Error."""
    return int(db.execute(f"SELECT coalesce(min(seq), 0) FROM events WHERE {_SEALED}").fetchone()[0])


def count(db: sqlite3.Connection) -> int:
    """How many events still hold something sealed; in a file of an earlier version, slowly. Raises sqlite3.Error."""
    which = _SEALED if has_column(db) else _SEALED.replace("erased IS NULL AND ", "")
    return int(db.execute(f"SELECT count(*) FROM events WHERE {which}").fetchone()[0])


def erase(db: sqlite3.Connection, last_seq: int, sign: Callable[[int, str, str, str], bytes]) -> int:
    """Erase what is sealed in the events up to `last_seq`; of how many. `sign`: makes the gate's signature of number, hash,
    hash of the record before, and what is left of the body. Raises sqlite3.Error: then of none."""
    found = db.execute(
        f"SELECT seq, hash, prev_hash, body FROM events WHERE {_SEALED} AND seq <= ?", (last_seq,)
    ).fetchall()
    left = [
        (seq, digest, prev, body) for seq, digest, prev, whole in found if (body := without_sealed(whole)) is not None
    ]
    rows = [(body, sign(seq, digest, prev, body), seq) for seq, digest, prev, body in left]
    try:
        db.execute("BEGIN IMMEDIATE")
        db.executemany("UPDATE events SET body = ?, erased = ? WHERE seq = ?", rows)
        db.execute("COMMIT")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return len(rows)


def overwrite_damaged(path: Path) -> int:
    """Overwrite the sealed parts of enrolments in a damaged journal, byte by byte. Return their number.

    No database can be made of such a file. The beginning of a seal is enough: nobody can open the rest without it.
    """
    found = 0
    with path.open("r+b") as file:
        if not os.fstat(file.fileno()).st_size:
            return 0
        with mmap.mmap(file.fileno(), 0) as data:
            at = data.find(_MARK)
            while at >= 0:
                begin = at + len(_MARK)
                end = begin + next(
                    (n for n, byte in enumerate(data[begin : begin + _SEAL_MAX]) if byte not in _BASE64), _SEAL_MAX
                )
                end = min(end, len(data))
                found += end > begin
                data[begin:end] = b"A" * (end - begin)
                at = data.find(_MARK, end)
            data.flush()
    return found


def empty_log(db: sqlite3.Connection) -> bool:
    """Put the write-ahead log into the file and cut it to nothing; False if somebody reads just now. Raises sqlite3.Error."""
    (wait_ms,) = db.execute("PRAGMA busy_timeout").fetchone()
    db.execute("PRAGMA busy_timeout = 0")
    try:
        (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        db.execute(f"PRAGMA busy_timeout = {int(wait_ms)}")
    return not busy
