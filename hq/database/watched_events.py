"""The rare events that answer commands, or say in which state a gate is. An index holds nothing but them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, text

from contract.messages import NoticeCode, Reason
from hq.database import tables as t

_EVENTS = t.events.c
_WATCHED = text(t.WATCHED)
_ANSWERS = (Reason.REMOTE_OPEN.value, NoticeCode.COMMAND_DONE.value, NoticeCode.COMMAND_REFUSED.value)
_ANSWERS_MAX = 1000


@dataclass(frozen=True, slots=True)
class GateNotices:
    """What a gate's rare notices say. `locked_down_utc`: since when it is locked down; None if it is not.

    `losses`: how often it reported lost events, `lost_utc` when last.
    """

    locked_down_utc: datetime | None = None
    losses: int = 0
    lost_utc: datetime | None = None


def command_answers(db: Connection, gate_id: str, command_id: str, after_id: int) -> Sequence[str]:
    """Read the bodies of a gate's events after a row that may answer this command, oldest first."""
    mine = _EVENTS.gate_id == gate_id, _EVENTS.reason.in_(_ANSWERS), _EVENTS.id > after_id
    names_it = or_(_EVENTS.reason == Reason.REMOTE_OPEN.value, _EVENTS.body.contains(command_id, autoescape=True))
    wanted = select(_EVENTS.body).where(_WATCHED, *mine, names_it).order_by(_EVENTS.id).limit(_ANSWERS_MAX)
    return db.execute(wanted).scalars().all()


def gate_notices(db: Connection) -> dict[str, GateNotices]:
    """Read what the rare notices of every gate say, by gate."""
    grouped = select(_EVENTS.gate_id, _EVENTS.reason, func.max(_EVENTS.id).label("newest"), func.count().label("times"))
    rows = db.execute(grouped.where(_WATCHED).group_by(_EVENTS.gate_id, _EVENTS.reason)).all()
    newest = {(row.gate_id, row.reason): row.newest for row in rows}
    counts = {(row.gate_id, row.reason): row.times for row in rows}
    removed = _removed_losses(db)
    gates = sorted({row.gate_id for row in rows} | removed.keys())
    locked = {name: newest.get((name, NoticeCode.LOCKED_DOWN.value), 0) for name in gates}
    locked = {
        name: row_id
        for name, row_id in locked.items()
        if row_id > newest.get((name, NoticeCode.LOCK_DOWN_OVER.value), 0)
    }
    lost = {name: newest.get((name, NoticeCode.EVENTS_LOST.value), 0) for name in gates}
    times = _times(db, [*locked.values(), *filter(None, lost.values())])
    return {
        name: GateNotices(
            locked_down_utc=times.get(locked.get(name, 0)),
            losses=counts.get((name, NoticeCode.EVENTS_LOST.value), 0) + removed.get(name, 0),
            lost_utc=times.get(lost[name]),
        )
        for name in gates
    }


def lock_in_force(db: Connection, gate_id: str) -> int:
    """Return the row id of the notice that a gate was locked down; 0 if that is over."""
    codes = (NoticeCode.LOCKED_DOWN.value, NoticeCode.LOCK_DOWN_OVER.value)
    mine = _EVENTS.gate_id == gate_id, _EVENTS.reason.in_(codes)
    wanted = select(_EVENTS.id, _EVENTS.reason).where(_WATCHED, *mine).order_by(_EVENTS.id.desc()).limit(1)
    row = db.execute(wanted).first()
    return row.id if row and row.reason == NoticeCode.LOCKED_DOWN.value else 0


def newest_lock_notices(db: Connection, gate_ids: Sequence[str], after_id: int) -> dict[str, str]:
    """Read, by gate, which of the two notices about a lock-down came last after a row."""
    codes = (NoticeCode.LOCKED_DOWN.value, NoticeCode.LOCK_DOWN_OVER.value)
    mine = _EVENTS.gate_id.in_(gate_ids), _EVENTS.reason.in_(codes), _EVENTS.id > after_id
    wanted = select(_EVENTS.gate_id, _EVENTS.reason).where(_WATCHED, *mine).order_by(_EVENTS.id)
    return {row.gate_id: row.reason for row in db.execute(wanted)}


def _removed_losses(db: Connection) -> dict[str, int]:
    """Read how many reports of losses were removed by age, by gate: gaps that are acknowledged are counted."""
    columns = t.journal_starts.c
    grouped = select(columns.gate_id, func.sum(columns.losses)).group_by(columns.gate_id)
    return {gate_id: int(losses) for gate_id, losses in db.execute(grouped) if losses}


def _times(db: Connection, row_ids: Sequence[int]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for first in range(0, len(row_ids), 500):  # SQLite limits the number of variables
        wanted = select(_EVENTS.id, func.coalesce(t.event_time, _EVENTS.received_utc).label("time"))
        rows = db.execute(wanted.where(_EVENTS.id.in_(row_ids[first : first + 500])))
        found |= {row.id: row.time for row in rows}
    return found
