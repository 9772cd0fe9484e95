"""Who is inside now, counted by employer, team and trade: pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contract.messages import DirectoryEntry
from edge.core.domain import MusterList
from edge.screen.journal.totals import JournalTotals

OWN_FORGETS_AFTER = timedelta(hours=14)
"""This gate alone cannot see who left elsewhere. A policy without a value of its own forgets after the same time."""
ROWS_MAX = 12
"""Groups shown at first; the rest are one sum."""


class Scope(StrEnum):
    """Whose passages are counted."""

    ALL_GATES = "all_gates"
    THIS_GATE = "this_gate"


@dataclass(frozen=True, slots=True)
class Present:
    """A person who is inside. `gate_id`: where they came in; "" if unknown."""

    worker_id: str
    since: datetime
    gate_id: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """Everybody inside, newest first. `unnamed`: people whose id no gate knows. `issued_utc`: of HQ's list, if it
    counts."""

    people: tuple[Present, ...]
    unnamed: int
    scope: Scope
    issued_utc: datetime | None = None

    @property
    def total(self) -> int:
        return len(self.people) + self.unnamed


def presence_now(muster: MusterList | None, totals: JournalTotals, now: datetime) -> Presence:
    """Return who is inside over all gates; by this gate alone if HQ's list is old or missing."""
    issued = muster.issued_utc if muster is not None else None
    if muster is not None and issued is not None and (now - issued).total_seconds() <= muster.max_age_s:
        people = (Present(one.worker_id, one.utc, one.gate_id) for one in muster.people)
        newest_first = tuple(sorted(people, key=lambda one: one.since, reverse=True))
        return Presence(newest_first, muster.unnamed, Scope.ALL_GATES, issued)
    own = (Present(worker_id, since) for worker_id, since in reversed(totals.on_site.items()))
    recent = tuple(one for one in own if now - one.since <= OWN_FORGETS_AFTER)
    return Presence(recent, totals.unnamed, Scope.THIS_GATE)


@dataclass(frozen=True, slots=True)
class Group:
    """So many people inside of one employer, team or trade. `share`: in percent of the largest group; "": no name."""

    name: str
    count: int
    share: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The groups by one property, largest first. `others`: people in `more` further groups."""

    groups: tuple[Group, ...]
    more: int = 0
    others: int = 0


def by_property(people: Iterable[Present], entries: Mapping[str, DirectoryEntry], name: str) -> Breakdown:
    """Count people by "employer", "team" or "trade". Those whom the directory does not name come last."""
    counts = Counter(_value(entries.get(one.worker_id), name) for one in people)
    nameless = counts.pop("", 0)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown, rest = ordered[:ROWS_MAX], ordered[ROWS_MAX:]
    if nameless:
        shown.append(("", nameless))
    most = max((count for _, count in shown), default=1)
    groups = tuple(Group(value, count, max(1, round(100 * count / most))) for value, count in shown)
    return Breakdown(groups, len(rest), sum(count for _, count in rest))


def _value(entry: DirectoryEntry | None, name: str) -> str:
    found = getattr(entry, name) if entry is not None else None
    return found if isinstance(found, str) else ""
