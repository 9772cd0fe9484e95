"""Trends of a day and of the days before it, in the reader's language. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from edge.screen.history.charts import Chart, chart
from edge.screen.history.events_view import ROOM
from edge.screen.history.reader import HistoryReader
from edge.screen.journal.trends import HOURS, DayCounts, Trends
from edge.screen.translations import Texts
from edge.screen.words.history import HistoryWord

DAYS = 14


@dataclass(frozen=True, slots=True)
class ReasonShare:
    """A reason of refusals. `percent`: of the most frequent one."""

    words: str
    count: int
    percent: int


@dataclass(frozen=True, slots=True)
class TrendsView:
    """The page. Each chart has one row of bars with a heading, so that no colour means anything alone."""

    hours: tuple[Chart, ...]
    days: tuple[Chart, ...]
    reasons: tuple[ReasonShare, ...]
    by_guard: int
    by_hq: int


def trends_view(trends: Trends, day: date, reader: HistoryReader, texts: Texts) -> TrendsView:
    """Return the counts of a day, and of the fourteen days up to it."""
    words, counts = texts.room(ROOM), trends.of(day)
    labels = [f"{hour:02}" for hour in range(HOURS)]
    most = max(*counts.came, *counts.left)
    days = [day - timedelta(days=back) for back in reversed(range(DAYS))]
    day_labels = [f"{one:%m-%d}" for one in days]
    known = [trends.of(one) for one in days]
    reasons = [(reason, count) for reason, count in counts.reasons.most_common() if reason not in reader.hidden]
    return TrendsView(
        hours=(
            chart(words[HistoryWord.CAME], labels, counts.came, most),
            chart(words[HistoryWord.LEFT], labels, counts.left, most),
            chart(words[HistoryWord.REFUSED_COUNT], labels, _refused(counts, reader)),
        ),
        days=(
            chart(words[HistoryWord.CAME], day_labels, [sum(one.came) for one in known]),
            chart(words[HistoryWord.REFUSED_COUNT], day_labels, [sum(_refused(one, reader)) for one in known]),
        ),
        reasons=tuple(
            ReasonShare(texts.reason[reason], count, round(100 * count / reasons[0][1])) for reason, count in reasons
        ),
        by_guard=counts.by_guard,
        by_hq=counts.by_hq,
    )


def _refused(counts: DayCounts, reader: HistoryReader) -> list[int]:
    """Return the refusals by hour. The sum must not tell what the reasons leave out."""
    return (
        [all_ - held for all_, held in zip(counts.refused, counts.held, strict=True)]
        if reader.hidden
        else counts.refused
    )
