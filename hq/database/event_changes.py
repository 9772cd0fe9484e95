"""Numbers the changes of stored events, so that readers of the feed learn of them.

The number of a change comes from the row of the journal's watermark. A transaction holds this row until it commits. So
changes of one journal become visible in the order of their numbers, whichever process makes them.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row, insert, select, tuple_, update

from hq.database import tables as t
from hq.database.values import Journal, JournalKey

RUNS_MAX = 20
"""More runs of numbers than this are noted as one: events between them are then reported without a change."""


class ChangeReason(StrEnum):
    """Why a stored event changed."""

    TIME = "time"
    """HQ corrected its time, or took a correction back."""
    READ = "read"
    """It was of a newer version. HQ was updated and reads it now."""
    ERASED = "erased"
    """What was sealed in it is erased."""


def hold_journals(db: Connection, journals: Collection[Journal]) -> None:
    """Hold the watermarks of several journals, in one order for all processes, so that none wait for each other."""
    key = tuple_(t.watermarks.c.gate_id, t.watermarks.c.epoch)
    for journal in sorted(journals):
        db.execute(select(t.watermarks.c.seq).where(key == journal).with_for_update())


def note_changes(db: Connection, key: JournalKey, numbers: Iterable[int], why: ChangeReason) -> None:
    """Note that these events of a journal changed in this transaction."""
    found = runs(sorted(set(numbers)))
    if not found:
        return
    journal = (t.watermarks.c.gate_id == key.gate_id, t.watermarks.c.epoch == key.epoch)
    token = secrets.token_hex(4)
    count = t.watermarks.c.changes + len(found)
    if not db.execute(update(t.watermarks).where(*journal).values(changes=count, change_token=token)).rowcount:
        return  # events without a watermark were never acknowledged, and no reader has them
    last: int = db.execute(select(t.watermarks.c.changes).where(*journal)).scalar_one()
    rows = [
        {
            "gate_id": key.gate_id,
            "epoch": key.epoch,
            "change": last - len(found) + number,
            "token": token,
            "first_seq": first,
            "last_seq": end,
            "why": why.value,
        }
        for number, (first, end) in enumerate(found, 1)
    ]
    db.execute(insert(t.event_changes), rows)


def changes_after(db: Connection, journal: Journal, change: int, limit: int) -> Sequence[Row[Any]]:
    """Read the changes of a journal from number `change` on, in order. The first is the one that a reader knows."""
    columns = t.event_changes.c
    wanted = select(t.event_changes).where(
        columns.gate_id == journal[0], columns.epoch == journal[1], columns.change >= change
    )
    return db.execute(wanted.order_by(columns.change).limit(limit)).all()


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Join ascending numbers to runs. Pure."""
    if not numbers:
        return []
    cuts = [0, *(place for place, (one, other) in enumerate(pairwise(numbers), 1) if other != one + 1), len(numbers)]
    found = [(numbers[start], numbers[end - 1]) for start, end in pairwise(cuts)]
    return found if len(found) <= RUNS_MAX else [(numbers[0], numbers[-1])]
