"""desk.db: what people at this gate request, the accounts of the pages, and who did what.

The screen and the operator's commands write it. The gate reads it and journals each request once, by its `ref`. A
request is never an order: the gate decides.
"""

import hashlib
import re
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from pydantic import BaseModel

from edge.core.domain import (
    ADMIT,
    COMMISSION,
    CONFIRM_TRAINING,
    ENROL,
    LOCK_DOWN,
    RELEASE_LOCK_DOWN,
    VISITOR,
    VISITOR_LEFT,
    AdmitRequest,
    CommissioningRequest,
    ConfirmTrainingRequest,
    DeskRequest,
    EnrolmentRequest,
    LockDownRequest,
    VisitorPass,
)
from edge.core.ports import DeskError
from edge.storage import desk_tables, kept_screen_tables, sqlite_file, visitor_tables
from edge.storage.database_reader import DatabaseReader
from edge.storage.desk_tables import AuditRow, RequestRow

__all__ = ["DeskError", "DeskReader", "DeskWriter"]


MERGED_WITHIN = timedelta(hours=1)
NEW_ROLE = "guard"
"""Role of a new account, unless another is named."""
_KINDS = (ENROL, ADMIT, COMMISSION, LOCK_DOWN, RELEASE_LOCK_DOWN, CONFIRM_TRAINING, VISITOR, VISITOR_LEFT)
_VISITOR, _DIGEST = re.compile("visitor-[0-9a-f]{12}"), re.compile("[0-9a-f]{64}")
_REF = re.compile(f"({'|'.join(_KINDS)})-[0-9a-f]{{32}}")


def utc_now() -> datetime:
    return datetime.now(UTC)


class DeskWriter:
    """The writing side. `restarted` names the file that was set aside as damaged.

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
        """Ask the gate to journal an enrolment for HQ. Return its `ref`. Raises DeskError."""
        return self._request(ENROL, request, by, f"worker {request.worker_id}, consent {request.consent_ref}")

    def request_commissioning(self, request: CommissioningRequest, by: str) -> str:
        """Ask the gate to journal a commissioning record for HQ. Return its `ref`. Raises DeskError."""
        return self._request(COMMISSION, request, by, request.outcome.value)

    def request_admission(self, request: AdmitRequest) -> str:
        """Ask the gate to let a person through. Return the request's `ref`. Raises DeskError."""
        who = f"worker {request.worker_id}" if request.worker_id else "somebody without an id"
        return self._request(ADMIT, request, request.by, f"{who}, {request.direction}: {request.reason}")

    def request_lock_down(self, request: LockDownRequest, *, release: bool) -> str:
        """Ask the gate to refuse everybody, or to end that. Return the request's `ref`. Raises DeskError."""
        return self._request(RELEASE_LOCK_DOWN if release else LOCK_DOWN, request, request.by, request.why)

    def request_confirmation(self, request: ConfirmTrainingRequest) -> str:
        """Ask the gate to record that a guard saw who learned. Return the request's `ref`. Raises DeskError."""
        return self._request(CONFIRM_TRAINING, request, request.by, f"event {request.seq}")

    def set_password(self, name: str, stored: str, by: str, role: str = NEW_ROLE) -> None:
        """Make an account of a role, or change its password alone. Raises DeskError.

        `stored`: from `edge.screen.access.passwords.hash_password`.
        """
        with self._writing():
            desk_tables.set_password(self._db, name, stored, self._now().isoformat(), role)
            self._note(by, "account", f"{name}: password set")

    def set_role(self, name: str, role: str, by: str) -> bool:
        """Change an account's role. Return False if there is no account of this name. Raises DeskError."""
        with self._writing():
            changed = desk_tables.set_role(self._db, name, role)
            if changed:
                self._note(by, "account", f"{name}: role {role}")
        return changed

    def remove_account(self, name: str, by: str) -> bool:
        """Remove an account. Return False if there is none of this name. Raises DeskError."""
        with self._writing():
            removed = desk_tables.remove_account(self._db, name)
            if removed:
                self._note(by, "account", f"{name}: removed")
        return removed

    def accounts(self) -> list[tuple[str, str, datetime]]:
        """Return name and role of every account and when its password was set, by name."""
        return [(name, role, datetime.fromisoformat(utc)) for name, role, utc in desk_tables.accounts(self._db)]

    def password(self, name: str) -> str | None:
        """Return the stored form of an account's password, or None."""
        return desk_tables.password(self._db, name)

    def role(self, name: str) -> str | None:
        """Return the role of an account, or None."""
        return desk_tables.role(self._db, name)

    def audit(self, who: str, what: str, detail: str = "") -> None:
        """Record that a person did something. Raises DeskError."""
        with self._writing():
            self._note(who, what, detail)

    def audit_repeated(self, who: str, what: str, detail: str) -> None:
        """Record it in the newest line of the same person and kind, if that is at most an hour old. Raises DeskError.

        A flood is one line an hour, with its number.
        """
        since = (self._now() - MERGED_WITHIN).isoformat()
        with self._writing():
            same = desk_tables.newest_audit(self._db, who, what, since)
            if same is None:
                self._note(who, what, f"1 time: {detail}")
            else:
                line_id, text = same
                count = int(text.split(" ", 1)[0]) + 1 if text[:1].isdigit() else 2
                desk_tables.set_audit_detail(self._db, line_id, f"{count} times, last {detail}")

    def audit_trail(self, limit: int) -> list[tuple[datetime, str, str, str]]:
        """Return the newest audit entries (when, who, what, detail), newest first."""
        rows = desk_tables.audit_trail(self._db, limit)
        return [(datetime.fromisoformat(row.utc), row.who, row.what, row.detail) for row in rows]

    def prune(self, keep_days: float) -> int:
        """Remove requests older than `keep_days`: they hold sealed templates. Return their number. The audit trail
        stays."""
        limit = (self._now() - timedelta(days=keep_days)).isoformat()
        with self._writing():
            return desk_tables.remove_requests_before(self._db, limit)

    def forget_done(self, done: Callable[[str], bool]) -> int:
        """Remove the requests whose `ref` is `done` (journalled), from the file and its log. Return their number.

        They say who was to be enrolled or let in, by whom and why. The audit trail stays. Raises DeskError.
        """
        refs = [ref for ref in desk_tables.request_refs(self._db) if done(ref)]
        if refs:
            with self._writing():
                desk_tables.remove_requests(self._db, refs)
            sqlite_file.checkpoint_patiently(self._db)
        return len(refs)

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._db.close()

    def _request(self, kind: str, body: BaseModel, by: str, detail: str) -> str:
        ref = f"{kind}-{secrets.token_hex(16)}"
        with self._writing():
            row = RequestRow(ref=ref, kind=kind, body=body.model_dump_json(), utc=self._now().isoformat(), by=by)
            desk_tables.add_request(self._db, row)
            self._note(by, kind, f"{detail}, {ref}" if detail else ref)
        return ref

    def _note(self, who: str, what: str, detail: str) -> None:
        desk_tables.add_audit(self._db, AuditRow(self._now().isoformat(), who, what, detail))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Store all or nothing. Raises DeskError."""
        try:
            with sqlite_file.transaction(self._db):
                yield
        except sqlite3.Error as error:
            raise DeskError(f"desk.db cannot be written ({error}): nothing was stored; free disk space") from error


class DeskReader:
    """The gate's read-only side. See `edge.core.ports.DeskRequestSource`. A missing or damaged file holds no requests.

    `reader`: reads the file, in another process if its owner may be an enemy.
    """

    def __init__(self, path: Path, reader: DatabaseReader | None = None) -> None:
        self._reader = reader or DatabaseReader(path)

    def changed(self) -> bool:
        """See `edge.core.ports.DeskRequestSource`."""
        return self._reader.changed()

    def requests(self, after_id: int) -> list[DeskRequest]:
        """Return at most 100 requests with an id above `after_id`, oldest first.

        A request that is too long has an empty body, which is no request.
        """
        found = desk_tables.requests(self._rows, after_id)
        return [DeskRequest(number, _allowed_ref(ref), kind, body) for number, ref, kind, body in found]

    def visitor_passes(self) -> list[VisitorPass]:
        """See `edge.core.ports.DeskRequestSource`. A row that is no pass of this software is left out."""
        return [made for row in visitor_tables.passes(self._rows) if (made := _visitor_pass(*row)) is not None]

    def has_accounts(self) -> bool:
        """Return True if a person may sign in at the pages."""
        return desk_tables.has_accounts(self._rows)

    def close(self) -> None:
        """Close the file. May be called twice."""
        self._reader.close()

    def _rows(self, sql: str, values: tuple[object, ...] = (), types: tuple[type, ...] = ()) -> list[Any]:
        try:
            return self._reader.rows(sql, values, types)
        except sqlite3.DatabaseError as error:  # damaged, or just being created: its writer corrects it
            structlog.get_logger().warning("desk.unreadable", error=str(error))
            self._reader.gave_up(error)
            return []


def _allowed_ref(ref: str) -> str:
    """Return a ref that a request may have, or another one in its place.

    In the journal some refs mean more: "fire-on:…" holds the relay after a restart, an order's id says that it was
    executed.
    """
    return ref if _REF.fullmatch(ref) else f"desk-{hashlib.sha256(ref.encode()).hexdigest()[:32]}"


def _visitor_pass(visitor_id: str, badge: str, from_utc: str, until_utc: str) -> VisitorPass | None:
    if not (_VISITOR.fullmatch(visitor_id) and _DIGEST.fullmatch(badge)):
        return None
    try:
        times = datetime.fromisoformat(from_utc), datetime.fromisoformat(until_utc)
    except ValueError:
        return None
    return VisitorPass(visitor_id, badge, *times) if all(time.tzinfo is not None for time in times) else None


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite_file.connect(path)
    try:
        sqlite_file.check(db)
        desk_tables.create(db)
        visitor_tables.create(db)
        kept_screen_tables.create(db)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db
