"""Read from the database the events that people ask for."""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from contract.messages import Direction
from hq.database.event_search import EventFilter, found_after, newest_found
from hq.database.store import Store


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An event as people see it."""

    id: int
    site_id: str
    gate_id: str
    epoch: str
    seq: int
    type: str
    reason: str
    worker_id: str | None
    utc: datetime | None
    received_utc: datetime
    corrected_utc: datetime | None
    """Set where the gate's clock, which gave `utc`, was wrong and was set later."""
    direction: str
    """The way of a decision or a passage; "" of other events."""


_COLUMNS = [field.name for field in fields(ListedEvent)[:-1]]


def events(
    store: Store, wanted: EventFilter | None = None, *, after_id: int | None = None, limit: int = 20
) -> list[ListedEvent]:
    """List the newest events that the filter takes, oldest of them first; or those after a row, as they arrived."""
    columns, wanted = [*_COLUMNS, "body"], wanted or EventFilter()
    with store.read() as db:
        if after_id is None:
            return [_listed(row) for row in newest_found(db, columns, wanted, limit)]
        return [_listed(row) for row in found_after(db, columns, wanted, after_id, limit)]


def direction_of(body: str) -> str:
    """Return the direction that an event's JSON names; "" if none."""
    try:
        return str(Direction(json.loads(body).get("direction")))
    except (ValueError, AttributeError, RecursionError):
        return ""


def _listed(row: Row[Any]) -> ListedEvent:
    values = {name: row._mapping[name] for name in _COLUMNS}
    return ListedEvent(**values, direction=direction_of(row._mapping["body"]))
