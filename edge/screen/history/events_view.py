"""The events of a day as plain data, in the reader's language. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contract.messages import AccessEvent, AnyEvent, Reason
from edge.core.domain import HistoryPage
from edge.screen.history.asked import OUTCOME, PAGE_LINES, REASON, HistoryAsked, choices
from edge.screen.history.reader import HistoryReader
from edge.screen.journal.event_detail import manager_detail
from edge.screen.journal.event_line import Line, event_line
from edge.screen.journal.refusals import guard_and_reason
from edge.screen.journal.withheld import without_people
from edge.screen.translations import Texts
from edge.screen.words.history import HistoryWord

ROOM = "history"


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event, and the name of its worker."""

    line: Line
    name: str


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a reader is in a long list. `newer`, `older`: fields of the query of the next pages, or None."""

    page: int
    pages: int
    newer: Mapping[str, str] | None
    older: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of the filter."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class EventsView:
    """The page. `groups`: heading and entries of the filter."""

    rows: tuple[EventRow, ...]
    total: int
    pager: Pager
    groups: tuple[tuple[str, tuple[Choice, ...]], ...]


def events_view(found: HistoryPage, asked: HistoryAsked, reader: HistoryReader, texts: Texts) -> EventsView:
    """Return one page of events."""
    pages = max(1, -(-found.total // PAGE_LINES))
    at = min(asked.page, pages - 1)
    return EventsView(
        rows=tuple(EventRow(line, reader.name(line.worker_id)) for line in _lines(found, reader, texts)),
        total=found.total,
        pager=Pager(
            at + 1,
            pages,
            asked.words(page=at - 1, through=found.through) if at else None,
            asked.words(page=at + 1, through=found.through) if at + 1 < pages else None,
        ),
        groups=_groups(reader, texts),
    )


def _lines(found: HistoryPage, reader: HistoryReader, texts: Texts) -> list[Line]:
    return [shown(event, event_line(event, texts), reader, texts) for event in found.events]


def shown(event: AnyEvent, line: Line, reader: HistoryReader, texts: Texts) -> Line:
    """Return a line with all that this account may see, and no more."""
    if not reader.people:
        line = without_people(event, line, texts)
    if not isinstance(event, AccessEvent):
        return line
    if reader.risk and (lists := manager_detail(event, texts)):
        return replace(line, detail=lists)
    if event.alerts:
        return replace(line, detail=texts.room(ROOM)[HistoryWord.WITH_ALERT])
    if event.reason is Reason.MANUAL_ADMIT and not event.by:  # of a version that named the guard in the text alone
        return replace(line, detail=in_words(event.detail, texts) if reader.people else "")
    return line


def in_words(detail: str, texts: Texts) -> str:
    """Return who admitted and why, in the reader's language."""
    name, reason = guard_and_reason(detail)
    return texts.room(ROOM)[HistoryWord.BY_GUARD].format(name=name, reason=reason) if name else detail


def _groups(reader: HistoryReader, texts: Texts) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    words = texts.room(ROOM)
    kinds, reasons, outcomes = choices(reader.hidden)
    reason_words = {f"{REASON}{reason.value}": text for reason, text in texts.reason.items()}
    outcome_words = {f"{OUTCOME}{outcome.value}": text for outcome, text in texts.outcome.items()}
    return (
        (words[HistoryWord.KINDS], tuple(Choice(kind, words[kind]) for kind in kinds)),
        (words[HistoryWord.REASONS], tuple(Choice(value, reason_words[value]) for value in reasons)),
        (words[HistoryWord.OUTCOMES], tuple(Choice(value, outcome_words[value]) for value in outcomes)),
    )
