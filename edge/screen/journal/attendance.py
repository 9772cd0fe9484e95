"""Turn passages at this gate into attendance: one line per worker and day. Pure.

The rules are those of the district's attendance, with its usual settings:
- An entry and the worker's next passage make a stay, if that passage is an exit within 16 hours.
- The same direction again within five minutes counts once: somebody went back for a helmet.
- An exit without its entry adds no time.
- A stay counts for the day on which it began. A day begins at 4:00, so that a night shift stays one day.
- Visitors are left out: a file would keep their names for longer than the gate does.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from edge.core.domain import WorkerPassage
from edge.core.domain.visitors import is_visitor

REPEAT_S = 300.0
LONGEST_S = 16 * 3600.0
DAY_BEGINS = timedelta(hours=4)

Local = Callable[[datetime], datetime]
"""Turns a time into the site's."""


@dataclass(slots=True)
class AttendanceDay:
    """One worker's day at this gate. `entries`, `exits`: passages that count. `seconds`: of all complete stays.

    `open`: the last entry has no exit. `missing_entry`: an exit has no entry.
    """

    day: date
    worker_id: str
    first_in: datetime | None = None
    last_out: datetime | None = None
    entries: int = 0
    exits: int = 0
    seconds: float = 0.0
    open: bool = False
    missing_entry: bool = False


def attendance(passages: Iterable[WorkerPassage], local: Local) -> list[AttendanceDay]:
    """Return the lines by day and worker. `passages`: in the journal's order. Times that no calendar has are left out.

    Memory grows with workers and days, not with passages.
    """
    before: dict[str, tuple[WorkerPassage, AttendanceDay]] = {}
    days: dict[tuple[date, str], AttendanceDay] = {}
    for passage in passages:
        if is_visitor(passage.worker_id):
            continue
        try:
            day = (local(datetime.fromtimestamp(passage.utc, UTC)) - DAY_BEGINS).date()
        except (OverflowError, OSError, ValueError):
            continue
        last = before.get(passage.worker_id)
        if last is not None and last[0].inwards is passage.inwards and abs(passage.utc - last[0].utc) < REPEAT_S:
            continue
        before[passage.worker_id] = passage, _take(days, passage, day, last)
    return sorted(days.values(), key=lambda line: (line.day, line.worker_id))


def _take(
    days: dict[tuple[date, str], AttendanceDay],
    passage: WorkerPassage,
    day: date,
    last: tuple[WorkerPassage, AttendanceDay] | None,
) -> AttendanceDay:
    """Add a passage to its line, and return the line: an exit belongs to the day of its entry."""
    at = datetime.fromtimestamp(passage.utc, UTC)
    inside = last is not None and last[0].inwards and 0 <= passage.utc - last[0].utc <= LONGEST_S
    if not passage.inwards and inside and last is not None:
        line = last[1]
        line.seconds += passage.utc - last[0].utc
        line.open = False
    else:
        line = days.setdefault((day, passage.worker_id), AttendanceDay(day, passage.worker_id))
    if passage.inwards:
        line.first_in = line.first_in or at
        line.entries, line.open = line.entries + 1, True
    else:
        line.last_out = at
        line.exits += 1
        line.missing_entry = line.missing_entry or not inside
    return line
