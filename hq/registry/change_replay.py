"""Make changes again that a restored backup has undone: withdrawn is withdrawn, who is listed stays listed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection

from hq.database import people as tables
from hq.database.change_file import followed, set_followed
from hq.database.clock import now
from hq.database.restorations import newest_time, note_restoration
from hq.database.store import Store
from hq.keys.encryption import AtRestError
from hq.registry.gates import revoke_key
from hq.registry.import_draft import EnrolmentRefused
from hq.registry.people import PeopleRegistry
from hq.registry.risk_changes import RecordedRisk, read_listed, read_unlisted

log = structlog.get_logger()

WITHDRAWN, REMOVED, REVOKED = "withdrawn", "removed", "revoked"
_WORDS = {
    WITHDRAWN: "withdrawn consents",
    REMOVED: "removed workers",
    REVOKED: "revoked keys of gates",
    RecordedRisk.LISTED.value: "added risk entries",
    RecordedRisk.UNLISTED.value: "ended risk entries",
}


@dataclass(frozen=True, slots=True)
class _Change:
    what: str
    utc: datetime
    name: str
    """A worker, or a gate."""
    key: str
    by: str
    sealed: str
    """A risk entry, encrypted."""


def make_again(store: Store, people: PeopleRegistry) -> int:
    """Make the changes again that the database has not followed. Return how many had an effect."""
    file = store.changes
    found = file.position() if file else None
    if file is None or found is None:
        return 0
    log_id, begin, size = found
    with store.read() as db:
        if followed(db, log_id) >= size:
            return 0
    with store.write("people", record=False) as db:
        at, backup = max(begin, followed(db, log_id)), newest_time(db)
        made = Counter(change["what"] for change in file.after(at) if _make(db, people, change))
        set_followed(db, log_id, size)
        if made:
            done = ", ".join(f"{count} {_WORDS[what]}" for what, count in sorted(made.items()))
            note_restoration(
                db, f"it lacked changes that {file.path.name} holds. HQ made them again: {done}", now(), backup
            )
    if made:
        log.warning("changes_made_again", **made)
    return made.total()


def _make(db: Connection, people: PeopleRegistry, written: Mapping[str, Any]) -> bool:
    """Make one change. Return whether it had an effect."""
    change = _read(written)
    if change is None:
        return False
    try:
        if change.what == REVOKED:
            return revoke_key(db, change.name, change.key, by=change.by, why="revoked before the backup was restored")
        if change.what in set(RecordedRisk):
            return _make_risk(db, people, change)
        return _make_of_worker(db, people, change)
    except (AtRestError, EnrolmentRefused, ValueError) as error:
        log.error("change_not_made_again", what=change.what, name=change.name, detail=str(error))
        return False


def _make_risk(db: Connection, people: PeopleRegistry, change: _Change) -> bool:
    if change.what == RecordedRisk.LISTED:
        return people.risk_lists.add_again(db, read_listed(people.cipher, change.sealed))
    return people.risk_lists.end_again(db, *read_unlisted(people.cipher, change.sealed), change.utc)


def _make_of_worker(db: Connection, people: PeopleRegistry, change: _Change) -> bool:
    rows = tables.worker_rows(db, [change.name])
    if not rows:
        known = tables.withdrawn_utc(db, change.name)
        if known is None or known < change.utc:  # what a gate enrolled before does not count
            tables.note_withdrawal(db, change.name, change.utc)
        return False
    if rows[0].updated_utc >= change.utc:  # somebody imported the worker again after that
        return False
    people.end_consents(db, [change.name], change.by, remove=change.what == REMOVED)
    return True


def _read(written: Mapping[str, Any]) -> _Change | None:
    """Read a change; None of a kind that this version does not know."""
    values = {name: written.get(name, "") for name in ("what", "name", "key", "by", "sealed")}
    if not all(isinstance(value, str) for value in values.values()) or values["what"] not in _WORDS:
        log.error("change_not_read", what=str(written.get("what"))[:40])
        return None
    return _Change(utc=datetime.fromisoformat(written["utc"]), **values)
