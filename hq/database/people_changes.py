"""What people at HQ did with a worker, when, who and why. Functions run in the caller's transaction.

A reason may name somebody, so it is encrypted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

from sqlalchemy import Connection, insert, select, update

from hq.database import tables as t
from hq.keys.encryption import Cipher

BY_MAX, WHY_MAX = 80, 500


class PeopleChange(StrEnum):
    """What was done."""

    ENROLLED = "enrolled"
    RETIRED = "retired"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class NotedChange:
    """One row. `why` is "" if no reason was given, or if it was erased."""

    worker_id: str
    what: str
    utc: datetime
    by: str
    why: str


def note_change(
    db: Connection, cipher: Cipher, worker_ids: Collection[str], what: PeopleChange, utc: datetime, by: str, why: str
) -> None:
    """Record that somebody did this with these workers."""
    rows = []
    for worker_id in sorted(worker_ids):
        change_id = uuid4().hex
        reason = cipher.encrypt(why[:WHY_MAX].encode(), _place(change_id)) if why else None
        rows.append(
            {"change_id": change_id, "worker_id": worker_id, "what": what.value, "utc": utc, "by_whom": by[:BY_MAX]}
            | {"why": reason}
        )
    if rows:
        db.execute(insert(t.people_changes), rows)


def noted_changes(db: Connection, cipher: Cipher, worker_id: str) -> list[NotedChange]:
    """Read what was done with a worker, newest first. Raises AtRestError."""
    columns = t.people_changes.c
    rows = db.execute(select(t.people_changes).where(columns.worker_id == worker_id).order_by(columns.utc.desc()))
    return [
        NotedChange(
            row.worker_id,
            row.what,
            row.utc,
            row.by_whom,
            cipher.decrypt(row.why, _place(row.change_id)).decode() if row.why else "",
        )
        for row in rows
    ]


def erase_reasons(db: Connection, worker_ids: Sequence[str]) -> None:
    """Erase the reasons of what was done with these workers."""
    for worker_id in worker_ids:
        db.execute(update(t.people_changes).where(t.people_changes.c.worker_id == worker_id).values(why=None))


def _place(change_id: str) -> str:
    return f"{t.people_changes.name}/{change_id}"
