"""Search the events of all gates. Each search begins at an index, so that ten million events need no full scan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from contract.messages import Direction, Reason
from hq.database import tables as t

_EVENTS = t.events.c
GRANTING = (Reason.GRANTED, Reason.REMOTE_OPEN, Reason.MANUAL_ADMIT)
"""Reasons of decisions that open."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What is searched; None: everything. `since` and `until`: of the corrected time, `until` excluded."""

    worker_id: str | None = None
    site_id: str | None = None
    gate_id: str | None = None
    reason: str | None = None
    direction: Direction | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def by_index(self) -> bool:
        """Whether the search is narrowed by what an index holds."""
        return any((self.worker_id, self.site_id, self.gate_id, self.since, self.until))


def newest_found(db: Connection, columns: Sequence[str], wanted: EventFilter, limit: int) -> list[Row[Any]]:
    """Read these columns of the newest events that the filter takes, oldest of them first.

    The order is that of arrival. With a worker, a site or a time it is the order in which they happened.
    """
    asked = select(*(_EVENTS[name] for name in columns))
    timed = wanted.worker_id or wanted.site_id or wanted.since or wanted.until
    if wanted.gate_id and not timed:
        return _newest_of_gate(db, columns, wanted, limit)
    conditions = _conditions(db, wanted)
    order = (t.event_time.desc(), _EVENTS.id.desc()) if timed else (_EVENTS.id.desc(),)
    return list(db.execute(asked.where(*conditions).order_by(*order).limit(limit)))[::-1]


def found_after(
    db: Connection, columns: Sequence[str], wanted: EventFilter, after_id: int, limit: int
) -> list[Row[Any]]:
    """Read these columns of the events after a row that the filter takes, in the order of arrival."""
    new = select(t.events).where(_EVENTS.id > after_id).order_by(_EVENTS.id).limit(limit).subquery()
    plain = replace(wanted, since=None, until=None)
    return list(db.execute(select(*(new.c[name] for name in columns)).where(*_plain(new.c, plain)).order_by(new.c.id)))


def refusals(db: Connection, wanted: EventFilter, limit: int) -> list[Row[Any]]:
    """Count the refusals by reason, worker, site and gate: `times`, `last` (time of the newest)."""
    key = (_EVENTS.reason, _EVENTS.worker_id, _EVENTS.site_id, _EVENTS.gate_id)
    counted = select(*key, func.count().label("times"), func.max(t.event_time).label("last"))
    refused = _EVENTS.type == "access", _EVENTS.reason.not_in([reason.value for reason in GRANTING])
    return list(db.execute(counted.where(*_conditions(db, wanted), *refused).group_by(*key).limit(limit)))


def _newest_of_gate(db: Connection, columns: Sequence[str], wanted: EventFilter, limit: int) -> list[Row[Any]]:
    """Read the newest events of one gate. In each journal the numbers follow the order of arrival."""
    epochs = db.execute(select(t.watermarks.c.epoch).where(t.watermarks.c.gate_id == wanted.gate_id)).scalars().all()
    found: list[Row[Any]] = []
    for epoch in epochs:
        asked = select(*(_EVENTS[name] for name in columns), _EVENTS.id.label("row_id"))
        mine = and_(*_plain(_EVENTS, wanted), _EVENTS.epoch == epoch)
        found.extend(db.execute(asked.where(mine).order_by(_EVENTS.seq.desc()).limit(limit)))
    return sorted(found, key=lambda row: int(row.row_id))[-limit:]


def _conditions(db: Connection, wanted: EventFilter) -> list[ColumnElement[bool]]:
    conditions = _plain(_EVENTS, wanted)
    if wanted.since is not None:
        conditions.append(t.event_time >= wanted.since)
    if wanted.until is not None:
        conditions.append(t.event_time < wanted.until)
    if (wanted.since or wanted.until) and not (wanted.site_id or wanted.worker_id):
        # The index of times begins with the site.
        conditions.append(_EVENTS.site_id.in_(_sites(db, wanted.gate_id)))
    return conditions


def _plain(columns: Any, wanted: EventFilter) -> list[ColumnElement[bool]]:
    """Return the conditions without those on the time."""
    same = {"worker_id": wanted.worker_id, "site_id": wanted.site_id, "gate_id": wanted.gate_id}
    conditions = [columns[name] == value for name, value in {**same, "reason": wanted.reason}.items() if value]
    if wanted.direction is not None:
        conditions.append(_in_direction(columns.body, wanted.direction))
    return conditions


def _in_direction(body: Any, direction: Direction) -> ColumnElement[bool]:
    """Return a condition on an event's JSON. Inside a text its quotes would have backslashes before them."""
    forms = (f'"direction":"{direction.value}"', f'"direction": "{direction.value}"')
    return or_(*(body.contains(form, autoescape=True) for form in forms))


def _sites(db: Connection, gate_id: str | None) -> list[str]:
    asked = select(t.watermarks.c.site_id).distinct()
    if gate_id is not None:
        asked = asked.where(t.watermarks.c.gate_id == gate_id)
    return sorted(db.execute(asked).scalars())
