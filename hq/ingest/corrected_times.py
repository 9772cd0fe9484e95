"""Correct the times of events that a gate recorded before its clock was set.

Corrected times are stored beside the events (`corrected_utc`). The events stay as they arrived: body and chain say what
the gate's clock showed.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection

from contract.messages import ClockEvent, Id, Utc
from contract.times import corrected_utc
from hq.database.event_changes import ChangeReason, note_changes
from hq.database.events import event_id, event_row, events_before, set_corrected_times
from hq.database.presence import read_again
from hq.database.store import Store
from hq.database.tasks import keep_numbered_task, numbered_tasks, replace_numbered_task
from hq.database.values import JournalKey

PAGE = 1000
AT_ONCE = 5 * PAGE
"""Events corrected in the transaction that stores the setting. Those of a longer boot follow later, a page at a
time."""
_LATER = "times "
"""A task for the process that publishes: with the row id of the setting; its count is how many events are corrected."""


class _Stamp(BaseModel):
    """When an event was recorded, of every kind of event."""

    model_config = ConfigDict(hide_input_in_errors=True)

    boot_id: Id
    utc: Utc
    monotonic_ms: int


def correct_newest(db: Connection, key: JournalKey, setting: ClockEvent) -> None:
    """Correct the times of the events of the same boot before `setting`: the newest `AT_ONCE` now.

    The others follow by `correct_earlier`, so that no transaction is long. Nothing is corrected if the clock was set to
    a time that is not trusted itself.
    """
    if not setting.clock_trusted:
        return
    before = setting.seq
    while before and before > setting.seq - AT_ONCE:
        before = _correct_page(db, key, setting, before)
    if before:
        keep_numbered_task(db, _LATER, event_id(db, key, setting.seq), setting.seq - before)


def correct_earlier(store: Store) -> bool:
    """Correct one page that `correct_newest` left, in a transaction of its own. Return whether there may be more."""
    with store.read() as db:
        if not numbered_tasks(db, _LATER):
            return False
    with store.write("times") as db:
        tasks = numbered_tasks(db, _LATER)
        newest = _newest_settings(db, tasks)
        for row_id in tasks.keys() - newest.keys():
            replace_numbered_task(db, _LATER, row_id)
        for row_id, (key, setting) in list(newest.items())[:1]:
            before = _correct_page(db, key, setting, setting.seq - tasks[row_id])
            replace_numbered_task(db, _LATER, row_id, setting.seq - before if before else 0)
    return True


def _newest_settings(db: Connection, row_ids: "dict[int, int]") -> dict[int, tuple[JournalKey, ClockEvent]]:
    """Read the newest setting of each boot.

    It says all that an earlier one said, of more events: earlier tasks are void.
    """
    newest: dict[tuple[str, str, str], tuple[int, JournalKey, ClockEvent]] = {}
    for row_id in row_ids:
        if (row := event_row(db, row_id)) is None:
            continue
        setting, boot = ClockEvent.model_validate_json(row.body), (row.gate_id, row.epoch)
        held = newest.get((*boot, setting.boot_id))
        if held is None or row.seq > held[2].seq:
            key = JournalKey(row.site_id, row.gate_id, row.epoch)
            newest[*boot, setting.boot_id] = row_id, key, setting
    return {row_id: (key, setting) for row_id, key, setting in newest.values()}


def _correct_page(db: Connection, key: JournalKey, setting: ClockEvent, before: int) -> int:
    """Correct the newest events before a number. Return where to go on, 0 at the beginning of the boot."""
    corrected: dict[int, datetime | None] = {}
    numbers: list[int] = []
    rows = events_before(db, key, before, PAGE)
    for row in rows:
        stamp = _stamp(row.body)
        if stamp is not None and stamp.boot_id != setting.boot_id:
            rows = []  # an earlier boot had another clock
            break
        right = corrected_utc(stamp.utc, stamp.monotonic_ms, setting) if stamp else None
        if right != row.corrected_utc:
            corrected[row.id] = right
            numbers.append(row.seq)
    note_changes(db, key, numbers, ChangeReason.TIME)  # first: it holds the journal, as ingest does
    set_corrected_times(db, corrected)
    if numbers:
        read_again(db, key, numbers[-1])
    return rows[-1].seq if len(rows) == PAGE else 0


def _stamp(body: str) -> _Stamp | None:
    try:
        return _Stamp.model_validate_json(body)
    except ValidationError:  # the quarantine has it
        return None
