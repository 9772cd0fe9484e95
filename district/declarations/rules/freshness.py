"""How long a declaration holds, and which temperatures are still due today. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_noop

from district.declarations.rules.refusals import DeclarationRefused

CLOCK_AHEAD = timedelta(minutes=10)
"""A phone's clock may be ahead by so much; it counts as now."""
LATE = timedelta(days=3)
"""A draft that waits longer on a phone without a network is no answer about today."""
TWICE = 2
APART = timedelta(hours=4)
"""Two temperatures of a day count as two if they lie so far apart."""


def declared_at(claimed: datetime | None, now: datetime) -> datetime:
    """Return when a declaration was made. A phone says it; nobody declares for later. Raises DeclarationRefused."""
    if claimed is None:
        return now
    if claimed > now + CLOCK_AHEAD:
        raise DeclarationRefused(gettext_noop("The phone's clock is ahead: set it right and declare again."))
    if claimed < now - LATE:
        raise DeclarationRefused(gettext_noop("These answers are too old: declare again."))
    return min(claimed, now)


@dataclass(frozen=True, slots=True)
class GivenAt:
    """When one declaration was made, and whether somebody else than the worker saw the answers."""

    declared: datetime
    abnormal: bool = False
    witnessed: bool = False


@dataclass(frozen=True, slots=True)
class Counting:
    """What counts of somebody's declarations."""

    counts: datetime | None = None
    """When the declaration was made that holds for its hours; None: there is none, or it needs a decision first."""
    held: datetime | None = None
    """When the abnormal declaration was made that waits for a decision."""


def counting(given: Iterable[GivenAt], hours: int) -> Counting:
    """Return what counts. Nobody answers an abnormal declaration away on the phone: it counts for its hours, or until
    a clerk declares.
    """
    found = Counting()
    for one in sorted(given, key=lambda row: row.declared):
        if one.abnormal:
            found = Counting(None, one.declared)
        elif one.witnessed or found.held is None or one.declared >= found.held + timedelta(hours=hours):
            found = Counting(one.declared, None)
    return found


def readings_due(taken: Iterable[datetime], trade: str, trades: Collection[str]) -> int:
    """Return how many temperatures of today are still due for a trade. `taken`: the times of today's."""
    if trade not in trades:
        return 0
    counted, last = 0, None
    for moment in sorted(taken):
        if last is None or moment - last >= APART:
            counted, last = counted + 1, moment
    return max(0, TWICE - counted)
