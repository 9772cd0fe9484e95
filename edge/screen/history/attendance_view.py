"""Attendance at this gate: lines for the page and for a file, in the reader's language. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from edge.screen.history.asked import PAGE_LINES
from edge.screen.history.events_view import ROOM, Pager
from edge.screen.history.reader import HistoryReader
from edge.screen.history.sheets import Cell, SheetColumn
from edge.screen.journal.attendance import AttendanceDay
from edge.screen.translations import Texts
from edge.screen.words.history import HistoryWord

DAYS_MAX = 31


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last. `cut`: more were asked for."""

    first: date
    last: date
    cut: bool = False

    def words(self, **more: object) -> dict[str, str]:
        """Return the fields of a query."""
        return {"from": self.first.isoformat(), "to": self.last.isoformat()} | {k: str(v) for k, v in more.items()}


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """One worker's day."""

    day: date
    worker_id: str
    name: str
    employer: str
    team: str
    first_in: datetime | None
    last_out: datetime | None
    hours: float
    entries: int
    exits: int
    remark: str


@dataclass(frozen=True, slots=True)
class AttendanceView:
    """The page. `people`: different workers."""

    rows: tuple[AttendanceRow, ...]
    total: int
    people: int
    hours: float
    pager: Pager


def period(first: date, last: date) -> Period:
    """Return the days between two dates, in either order, and at most DAYS_MAX."""
    first, last = min(first, last), max(first, last)
    until = min(last, first + timedelta(days=DAYS_MAX - 1))
    return Period(first, until, until < last)


def attendance_view(
    lines: Sequence[AttendanceDay], asked: Period, page: int, reader: HistoryReader, texts: Texts, today: date
) -> AttendanceView:
    """Return one page of lines. `today`: of attendance."""
    pages = max(1, -(-len(lines) // PAGE_LINES))
    at = min(page, pages - 1)
    return AttendanceView(
        rows=tuple(row(line, reader, texts, today) for line in lines[at * PAGE_LINES : (at + 1) * PAGE_LINES]),
        total=len(lines),
        people=len({line.worker_id for line in lines}),
        hours=round(sum(line.seconds for line in lines) / 3600, 1),
        pager=Pager(
            at + 1,
            pages,
            asked.words(page=at - 1) if at else None,
            asked.words(page=at + 1) if at + 1 < pages else None,
        ),
    )


def row(line: AttendanceDay, reader: HistoryReader, texts: Texts, today: date) -> AttendanceRow:
    """Return one line in words. Who came in today may still leave."""
    words, entry = texts.room(ROOM), reader.entries.get(line.worker_id) if reader.people else None
    no_exit = HistoryWord.NO_EXIT if line.day < today else HistoryWord.NO_EXIT_YET
    remarks = [words[word] for word, true in ((HistoryWord.NO_ENTRY, line.missing_entry), (no_exit, line.open)) if true]
    return AttendanceRow(
        line.day,
        line.worker_id,
        entry.name or "" if entry else "",
        entry.employer or "" if entry else "",
        entry.team or "" if entry else "",
        line.first_in,
        line.last_out,
        round(line.seconds / 3600, 2),
        line.entries,
        line.exits,
        " · ".join(remarks),
    )


def columns(texts: Texts) -> list[SheetColumn]:
    """Return the columns of a file."""
    words = texts.room(ROOM)
    widths = {HistoryWord.NAME: 20, HistoryWord.EMPLOYER: 26, HistoryWord.FIRST_IN: 17, HistoryWord.LAST_OUT: 17}
    return [SheetColumn(words[word], widths.get(word, 12)) for word in _COLUMNS]


def cells(found: AttendanceRow, local: Callable[[datetime], datetime]) -> list[Cell]:
    """Return one line of a file. Times are the site's, without a zone."""

    def moment(utc: datetime | None) -> datetime | None:
        return None if utc is None else local(utc).replace(tzinfo=None, microsecond=0)

    texts: list[Cell] = [found.name, found.worker_id, found.employer, found.team]
    times: list[Cell] = [moment(found.first_in), moment(found.last_out)]
    return [found.day, *texts, *times, found.hours, found.entries, found.exits, found.remark]


_COLUMNS = (
    HistoryWord.DAY,
    HistoryWord.NAME,
    HistoryWord.NUMBER,
    HistoryWord.EMPLOYER,
    HistoryWord.TEAM,
    HistoryWord.FIRST_IN,
    HistoryWord.LAST_OUT,
    HistoryWord.HOURS,
    HistoryWord.ENTRIES,
    HistoryWord.EXITS,
    HistoryWord.REMARK,
)
