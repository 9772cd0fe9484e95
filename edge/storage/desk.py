"""desk.db: what people at this gate ask of it, and who did what.

Written by the screen and by the operator's commands, read by the gate, which journals each request once (its `ref`
makes that so). What the desk writes is a request, never an order: the gate decides.
"""

import hashlib
import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from pydantic import BaseModel
from sqlite_utils import Database

from edge.core.domain import (
    ADMIT,
    COMMISSION,
    ENROL,
    LOCK_DOWN,
    RELEASE_LOCK_DOWN,
    AdmitRequest,
    CommissioningRequest,
    DeskRequest,
    EnrolmentRequest,
    LockDownRequest,
)
from edge.core.ports import DeskError
from edge.storage import sqlite_file

__all__ = ["DeskError", "DeskReader", "DeskWriter"]


MERGED_WITHIN = timedelta(hours=1)
BODY_BYTES_MAX = 100_000
"""The longest body of a request; a sealed enrolment has some ten thousand."""
_REF = re.compile(f"({ENROL}|{ADMIT}|{COMMISSION}|{LOCK_DOWN}|{RELEASE_LOCK_DOWN})-[0-9a-f]{{32}}")
_REQUESTS = """
SELECT id, substr(ref, 1, 100), substr(kind, 1, 100), CASE WHEN length(CAST(body AS BLOB)) <= ? THEN body ELSE '' END
FROM requests WHERE id > ? ORDER BY id LIMIT 100
"""


def utc_now() -> datetime:
    return datetime.now(UTC)


class DeskWriter:
    """The writing side. `restarted` names the file that was set aside as damaged, if one was.

    Raises:
        DeskError: the file or its folder refuses.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self.restarted: Path | None = None
        try:
            self._db = _open(path)
        except (OSError, sqlite3.OperationalError) as error:
            raise DeskError(f"{path} cannot be opened ({error}): check the folder's owner and free space") from error
        except sqlite3.DatabaseError as error:
            self.restarted = sqlite_file.set_aside(path)
            structlog.get_logger().error("desk.damaged", error=str(error), set_aside=str(self.restarted))
            self._db = _open(path)

    def request_enrolment(self, request: EnrolmentRequest, by: str) -> str:
        """Ask the gate to journal an enrolment for HQ; its `ref`. Raises DeskError if the disk refuses."""
        return self._request(ENROL, request, by, f"worker {request.worker_id}, consent {request.consent_ref}")

    def request_commissioning(self, request: CommissioningRequest, by: str) -> str:
        """Ask the gate to journal a commissioning record for HQ; its `ref`. Raises DeskError."""
        return self._request(COMMISSION, request, by, request.outcome.value)

    def request_admission(self, request: AdmitRequest) -> str:
        """Ask the gate to let somebody through; the request's `ref`. Raises DeskError."""
        who = f"worker {request.worker_id}" if request.worker_id else "somebody without an id"
        return self._request(ADMIT, request, request.by, f"{who}, {request.direction}: {request.reason}")

    def request_lock_down(self, request: LockDownRequest, *, release: bool) -> str:
        """Ask the gate to refuse everybody, or to end that; the request's `ref`. Raises DeskError."""
        return self._request(RELEASE_LOCK_DOWN if release else LOCK_DOWN, request, request.by, "")

    def set_password(self, name: str, stored: str, by: str) -> None:
        """Make or change an account; `stored` is `edge.screen.passwords.hash_password`'s. Raises DeskError."""
        with self._writing():
            self._db.execute(
                "INSERT INTO accounts (name, password, changed_utc) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET"
                " password = excluded.password, changed_utc = excluded.changed_utc",
                (name, stored, self._now().isoformat()),
            )
            self._note(by, "account", f"{name}: password set")

    def remove_account(self, name: str, by: str) -> bool:
        """False if there is none of this name. Raises DeskError."""
        with self._writing():
            removed = self._db.execute("DELETE FROM accounts WHERE name = ?", (name,)).rowcount > 0
            if removed:
                self._note(by, "account", f"{name}: removed")
        return removed

    def accounts(self) -> list[tuple[str, datetime]]:
        """Every account and when its password was set, by name."""
        rows = self._db.execute("SELECT name, changed_utc FROM accounts ORDER BY name")
        return [(name, datetime.fromisoformat(utc)) for name, utc in rows]

    def password(self, name: str) -> str | None:
        """The stored form of an account's password; None if there is no such account."""
        row = self._db.execute("SELECT password FROM accounts WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else None

    def audit(self, who: str, what: str, detail: str = "") -> None:
        """Record that somebody did something. Raises DeskError if the disk refuses."""
        with self._writing():
            self._note(who, what, detail)

    def audit_repeated(self, who: str, what: str, detail: str) -> None:
        """Record it in the newest line of the same person and kind, if that is not older than an hour: a flood is one line an
        hour, with its number. Raises DeskError if the disk refuses."""
        since = (self._now() - MERGED_WITHIN).isoformat()
        with self._writing():
            same = self._db.execute(
                "SELECT id, detail FROM audit WHERE who = ? AND what = ? AND utc > ? ORDER BY id DESC LIMIT 1",
                (who, what, since),
            ).fetchone()
            if same is None:
                self._note(who, what, f"1 time: {detail}")
            else:
                count = int(str(same[1]).split(" ", 1)[0]) + 1 if str(same[1])[:1].isdigit() else 2
                self._db.execute("UPDATE audit SET detail = ? WHERE id = ?", (f"{count} times, last {detail}", same[0]))

    def audit_trail(self, limit: int) -> list[tuple[datetime, str, str, str]]:
        """The newest audit entries (when, who, what, detail), newest first."""
        rows = self._db.execute("SELECT utc, who, what, detail FROM audit ORDER BY id DESC LIMIT ?", (limit,))
        return [(datetime.fromisoformat(utc), who, what, detail) for utc, who, what, detail in rows]

    def prune(self, keep_days: float) -> int:
        """Forget requests older than `keep_days` (they hold sealed templates); how many. The audit trail stays."""
        limit = (self._now() - timedelta(days=keep_days)).isoformat()
        with self._writing():
            return int(self._db.execute("DELETE FROM requests WHERE created_utc < ?", (limit,)).rowcount)

    def forget_done(self, done: Callable[[str], bool]) -> int:
        """Forget the requests whose `ref` is `done` (journalled): who was to be enrolled or let in, by whom and why; how many.
        They leave the file and its log. The audit trail stays. Raises DeskError."""
        refs = [(ref,) for (ref,) in self._db.execute("SELECT ref FROM requests").fetchall() if done(str(ref))]
        if refs:
            with self._writing():
                self._db.executemany("DELETE FROM requests WHERE ref = ?", refs)
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return len(refs)

    def close(self) -> None:
        """May be called twice."""
        self._db.close()

    def _request(self, kind: str, body: BaseModel, by: str, detail: str) -> str:
        ref = f"{kind}-{secrets.token_hex(16)}"
        with self._writing():
            self._db.execute(
                "INSERT INTO requests (ref, kind, body, created_utc, by) VALUES (?, ?, ?, ?, ?)",
                (ref, kind, body.model_dump_json(), self._now().isoformat(), by),
            )
            self._note(by, kind, f"{detail}, {ref}" if detail else ref)
        return ref

    def _note(self, who: str, what: str, detail: str) -> None:
        self._db.execute(
            "INSERT INTO audit (utc, who, what, detail) VALUES (?, ?, ?, ?)",
            (self._now().isoformat(), who, what, detail),
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction: all of it is on disk at the end, or nothing."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise DeskError(f"desk.db cannot be written ({error}): nothing was stored; free disk space") from error


class DeskReader:
    """The gate's read-only side. See `edge.core.ports.DeskRequestSource`. A missing or damaged file holds no requests.

    `reader`: of the file, in another process if its owner may be an enemy.
    """

    def __init__(self, path: Path, reader: sqlite_file.DatabaseReader | None = None) -> None:
        self._reader = reader or sqlite_file.DatabaseReader(path)

    def changed(self) -> bool:
        """See `edge.core.ports.DeskRequestSource`."""
        return self._reader.changed()

    def requests(self, after_id: int) -> list[DeskRequest]:
        """Requests with an id above `after_id`, oldest first; at most 100. One that is too long has an empty body, which is no
        request."""
        found = self._rows(_REQUESTS, (BODY_BYTES_MAX, after_id), (int, str, str, str))
        return [DeskRequest(number, _own_ref(ref), kind, body) for number, ref, kind, body in found]

    def has_accounts(self) -> bool:
        """True if anybody may sign in at the desk's page."""
        return bool(self._rows("SELECT 1 FROM accounts LIMIT 1"))

    def close(self) -> None:
        """May be called twice."""
        self._reader.close()

    def _rows(self, sql: str, values: tuple[object, ...] = (), types: tuple[type, ...] = ()) -> list[Any]:
        try:
            return self._reader.rows(sql, values, types)
        except sqlite3.DatabaseError as error:  # damaged, or just being created: its writer sets it right
            structlog.get_logger().warning("desk.unreadable", error=str(error))
            self._reader.gave_up(error)
            return []


def _own_ref(ref: str) -> str:
    """A ref that a request may have. In the journal some mean more: "fire-on:…" holds the relay after a restart, an order's id
    says that it was obeyed. Such a one becomes another."""
    return ref if _REF.fullmatch(ref) else f"desk-{hashlib.sha256(ref.encode()).hexdigest()[:32]}"


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite_file.connect(path)
    try:
        sqlite_file.check(db)
        _create(db)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _create(db: sqlite3.Connection) -> None:
    """The tables, if they are missing. Ids start at the present second, so that they still grow when a damaged file is
    replaced: a gate that has read up to an id misses nothing."""
    db.execute("BEGIN IMMEDIATE")
    if "requests" not in Database(db).table_names():
        db.execute(
            "CREATE TABLE requests (id INTEGER PRIMARY KEY AUTOINCREMENT, ref TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
            " body TEXT NOT NULL, created_utc TEXT NOT NULL, by TEXT NOT NULL)"
        )
        db.execute(
            "CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, utc TEXT NOT NULL, who TEXT NOT NULL,"
            " what TEXT NOT NULL, detail TEXT NOT NULL)"
        )
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('requests', ?)", (int(time.time()),))
    db.execute(
        "CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, password TEXT NOT NULL, changed_utc TEXT NOT NULL)"
    )
    db.execute("COMMIT")
