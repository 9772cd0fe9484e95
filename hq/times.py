"""Corrected times: what the wall clock should have shown at events that a gate recorded before its clock was set right.

They stand beside the events (`corrected_utc`), which stay as they came: body and chain say what the gate's clock showed.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, bindparam, select, update

from contract.messages import ClockEvent, Id, Utc
from contract.times import corrected_utc
from hq import tables as t
from hq.journals import JournalKey

PAGE = 1000


class _Stamp(BaseModel):
    """When an event was recorded, whatever its kind."""

    boot_id: Id
    utc: Utc
    monotonic_ms: int


def correct(db: Connection, key: JournalKey, setting: ClockEvent) -> int:
    """Work out anew the time of every event of the same boot that stands before `setting` in the journal; how many have
    another one now. Nothing if the clock was set to a time that is itself not trusted."""
    changed, before = 0, setting.seq if setting.clock_trusted else 0
    while rows := _page(db, key, before):
        found = []
        for row in rows:
            stamp = _stamp(row.body)
            if stamp is not None and stamp.boot_id != setting.boot_id:
                rows = []  # an earlier boot: that clock is another matter
                break
            right = corrected_utc(stamp.utc, stamp.monotonic_ms, setting) if stamp else None
            if right != row.corrected_utc:
                found.append({"row_id": row.id, "right": right})
        _write(db, found)
        changed += len(found)
        before = rows[-1].seq if rows else 0
    return changed


def _page(db: Connection, key: JournalKey, before_seq: int) -> list[Any]:
    """The newest events before a seq, newest first."""
    if before_seq <= 1:
        return []
    columns = (t.events.c.id, t.events.c.seq, t.events.c.body, t.events.c.corrected_utc)
    mine = (t.events.c.gate_id == key.gate_id, t.events.c.epoch == key.epoch, t.events.c.seq < before_seq)
    return list(db.execute(select(*columns).where(*mine).order_by(t.events.c.seq.desc()).limit(PAGE)))


def _write(db: Connection, found: list[dict[str, int | datetime | None]]) -> None:
    if found:
        by_id = update(t.events).where(t.events.c.id == bindparam("row_id"))
        db.execute(by_id.values(corrected_utc=bindparam("right")), found)


def _stamp(body: str) -> _Stamp | None:
    try:
        return _Stamp.model_validate_json(body)
    except ValidationError:  # not ours to judge: the quarantine has it
        return None
