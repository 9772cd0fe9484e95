"""Corrected times: what the wall clock should have shown at events that a gate recorded before its clock was set right.

They stand beside the events (`corrected_utc`), which stay as they came: body and chain say what the gate's clock showed.
"""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from contract.messages import ClockEvent, Id, Utc
from contract.times import corrected_utc
from hq.database import tables as t
from hq.database.journals import JournalKey
from hq.database.store import Store, insert_new

PAGE = 1000
AT_ONCE = 5 * PAGE
"""So many are corrected in the transaction that stores the setting; a longer boot's earlier ones later, a page at a time."""
_TASKS = "times "
"""Tasks left for the process that publishes: the row id of the setting follows. `asked`: how many events are corrected."""


class _Stamp(BaseModel):
    """When an event was recorded, whatever its kind."""

    model_config = ConfigDict(hide_input_in_errors=True)

    boot_id: Id
    utc: Utc
    monotonic_ms: int


def correct_newest(db: Connection, key: JournalKey, setting: ClockEvent) -> None:
    """Work out anew the times of the events of the same boot that stand before `setting` in the journal: of the newest
    `AT_ONCE` now, of the others by and by (`correct_earlier`), so that nobody waits for them. Nothing if the clock was set
    to a time that is itself not trusted."""
    if not setting.clock_trusted:
        return
    before = setting.seq
    while before and before > setting.seq - AT_ONCE:
        before = _correct_page(db, key, setting, before)
    if before:
        columns = t.events.c
        mine = (columns.gate_id == key.gate_id, columns.epoch == key.epoch, columns.seq == setting.seq)
        row_id = db.execute(select(columns.id).where(*mine)).scalar_one()
        insert_new(db, t.pending, what=_task(row_id), asked=setting.seq - before)


def correct_earlier(store: Store) -> bool:
    """One page of what `correct_newest` left, in a transaction of its own; whether there may be more."""
    with store.read() as db:
        if not _left(db):
            return False
    with store.write("times") as db:
        # A boot's newest setting says all that an earlier one said, of more events: what that one left is void.
        newest: dict[tuple[str, str, str], tuple[int, Any, int]] = {}
        left = _left(db)
        for row_id, asked in left.items():
            row = db.execute(select(t.events).where(t.events.c.id == row_id)).first()
            setting = ClockEvent.model_validate_json(row.body) if row else None
            if row and setting:
                boot = (row.gate_id, row.epoch, setting.boot_id)
                newest[boot] = max(newest.get(boot, (0, row, 0)), (row.seq, row, asked), key=lambda one: one[0])
        for row_id in left.keys() - {row.id for _, row, _ in newest.values()}:
            _forget(db, row_id)
        for seq, row, asked in list(newest.values())[:1]:
            key, setting = JournalKey(row.site_id, row.gate_id, row.epoch), ClockEvent.model_validate_json(row.body)
            before = _correct_page(db, key, setting, seq - asked)
            _forget(db, row.id)
            if before:
                db.execute(insert(t.pending).values(what=_task(row.id), asked=seq - before))
    return True


def _left(db: Connection) -> dict[int, int]:
    """Row id of a setting -> how many events before it are done, oldest first."""
    rows = db.execute(select(t.pending).where(t.pending.c.what.startswith(_TASKS)))
    return dict(sorted((_row_id(row.what), row.asked) for row in rows))


def _task(row_id: int) -> str:
    return f"{_TASKS}{row_id}"


def _row_id(task: str) -> int:
    return int(task.removeprefix(_TASKS))


def _forget(db: Connection, row_id: int) -> None:
    db.execute(delete(t.pending).where(t.pending.c.what == _task(row_id)))


def _correct_page(db: Connection, key: JournalKey, setting: ClockEvent, before: int) -> int:
    """The newest events before a seq; where to go on, 0 at the beginning of the boot."""
    found = []
    rows = _page(db, key, before)
    for row in rows:
        stamp = _stamp(row.body)
        if stamp is not None and stamp.boot_id != setting.boot_id:
            rows = []  # an earlier boot: that clock is another matter
            break
        right = corrected_utc(stamp.utc, stamp.monotonic_ms, setting) if stamp else None
        if right != row.corrected_utc:
            found.append({"row_id": row.id, "right": right})
    _write(db, found)
    return rows[-1].seq if len(rows) == PAGE else 0


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
