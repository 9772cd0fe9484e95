"""Reasons, how sure they are, and how those of one person are joined and ordered. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum

from django.utils.translation import gettext_noop

from district.tracing.rules.window import Span, length_s


class ReasonKind(StrEnum):
    """What brought two people together."""

    TRIP = "trip"
    ROUTE = "route"
    """The same route on the same day; the number is not known of both."""
    SITE = "site"
    GATE = "gate"
    TEAM = "team"


class Certainty(IntEnum):
    """How sure it is that two people were close to each other."""

    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3


class TraceRefused(ValueError):
    """A step of tracing that cannot be. `text` is an English message id, `values` fill it."""

    def __init__(self, text: str, **values: object) -> None:
        """Keep the parts, so that a page says it in the reader's language."""
        super().__init__(text % values if values else text)
        self.text, self.values = text, values


DAYS_MAX = 30
MINUTES_MAX = 60


@dataclass(frozen=True)
class TraceLimits:
    """What counts as an encounter."""

    days: int = 14
    """Days before the last day of the window."""
    hops: int = 1
    overlap_minutes: int = 15
    """Time together on one site, over all days."""
    gate_minutes: int = 5
    """At most between two passages of one gate."""
    near_rows: int = 3
    """Seats at most so many rows apart are near."""
    onward: Certainty = Certainty.LIKELY
    """Of the first hop, who is this sure leads to the second hop. Else a second hop is the whole district."""

    def check(self) -> "TraceLimits":
        """Return the limits. Raises TraceRefused if one of them makes no sense."""
        if not 1 <= self.days <= DAYS_MAX:
            raise TraceRefused(gettext_noop("Look back 1 to %(days)s days."), days=DAYS_MAX)
        if self.hops not in (1, 2):
            raise TraceRefused(gettext_noop("Choose one hop or two."))
        if not 1 <= self.overlap_minutes <= 24 * 60 or not 0 <= self.gate_minutes <= MINUTES_MAX:
            raise TraceRefused(gettext_noop("Choose fewer minutes."))
        return self


@dataclass(frozen=True)
class Encounter:
    """One time at which two people were together, or may have been."""

    person: int
    """Who met."""
    via: int
    """Whom: the case, or a contact of the first hop."""
    kind: ReasonKind
    key: str
    """What they shared: number and day, site, gate, team. Encounters with the same key are one reason."""
    span: Span
    certainty: Certainty
    rows: int | None = None
    columns: int | None = None
    """Seats apart; None: not known."""
    gap_s: int | None = None
    """Between two passages of a gate."""
    sure: bool = True
    """False: the span is assumed. An entry or exit is missing, or only the register says so."""


@dataclass(frozen=True)
class Evidence:
    """One reason for which somebody is a contact: all encounters with one person at one thing."""

    kind: ReasonKind
    key: str
    via: int
    certainty: Certainty
    first: datetime
    last: datetime
    rows: int | None = None
    columns: int | None = None
    gap_s: int | None = None
    together_s: int | None = None

    @property
    def nearness(self) -> tuple[int, ...]:
        """Return the order among reasons of the same certainty: nearest seats, shortest gap, longest time first."""
        return (
            _FAR if self.rows is None else self.rows,
            _FAR if self.columns is None else self.columns,
            _FAR if self.gap_s is None else self.gap_s,
            -(self.together_s or 0),
        )


_FAR = 10**9


@dataclass(frozen=True)
class TracedPerson:
    """A contact with all reasons, the strongest first."""

    person: int
    hop: int
    evidence: tuple[Evidence, ...]

    @property
    def certainty(self) -> Certainty:
        """Return that of the strongest reason. Weak reasons do not add up: nobody could explain the sum."""
        return self.evidence[0].certainty

    @property
    def first(self) -> datetime:
        """Return the first time of all reasons."""
        return min(one.first for one in self.evidence)

    @property
    def last(self) -> datetime:
        """Return the last time of all reasons."""
        return max(one.last for one in self.evidence)


def after(encounter: Encounter, moment: datetime) -> Encounter | None:
    """Return the part of an encounter after a moment; None if nothing is left. Infection goes forward in time only."""
    start, end = encounter.span
    if end < moment or (end == moment and start < end):
        return None
    return replace(encounter, span=(max(start, moment), end))


def joined(encounters: Iterable[Encounter], limits: TraceLimits) -> dict[int, list[Evidence]]:
    """Join the encounters of each person to reasons, without those that are too short."""
    groups: dict[tuple[int, ReasonKind, str, int], list[Encounter]] = defaultdict(list)
    for one in encounters:
        groups[one.person, one.kind, one.key, one.via].append(one)
    best: dict[tuple[int, ReasonKind, str], Evidence] = {}
    for (person, kind, key, _via), group in groups.items():
        found = _evidence(group, limits)
        if found is not None:
            before = best.get((person, kind, key))
            best[person, kind, key] = found if before is None else min(before, found, key=_order)
    people: dict[int, list[Evidence]] = defaultdict(list)
    for (person, _kind, _key), found in best.items():
        people[person].append(found)
    return people


def ranked(people: dict[int, list[Evidence]], hop: int) -> list[TracedPerson]:
    """Return the contacts of one hop: the surest first, then the nearest, then who met last."""
    found = [TracedPerson(person, hop, tuple(sorted(rows, key=_order))) for person, rows in people.items()]
    return sorted(found, key=lambda one: (*_order(one.evidence[0])[:5], -one.last.timestamp(), one.person))


def _evidence(group: list[Encounter], limits: TraceLimits) -> Evidence | None:
    if group[0].kind is ReasonKind.SITE:
        return _of_site(group, limits)
    nearest = min(group, key=lambda one: (-one.certainty, *_apart(one)))
    return _made([one for one in group if one.sure] or group, nearest)


def _of_site(group: list[Encounter], limits: TraceLimits) -> Evidence | None:
    """Sure time decides first. Only if it is too short, the assumed time counts too, and makes it possible."""
    sure = [one for one in group if one.sure]
    for used, certainty in ((sure, Certainty.LIKELY), (group, Certainty.POSSIBLE)):
        seconds = length_s([one.span for one in used])
        if seconds >= limits.overlap_minutes * 60:
            return replace(_made(used, used[0]), certainty=certainty, together_s=seconds)
    return None


def _made(group: list[Encounter], nearest: Encounter) -> Evidence:
    return Evidence(
        nearest.kind,
        nearest.key,
        nearest.via,
        nearest.certainty,
        min(one.span[0] for one in group),
        max(one.span[1] for one in group),
        nearest.rows,
        nearest.columns,
        nearest.gap_s,
    )


def _apart(one: Encounter) -> tuple[int, ...]:
    parts = (one.rows, one.columns, one.gap_s)
    return tuple(_FAR if part is None else part for part in parts)


def _order(one: Evidence) -> tuple[int, ...]:
    """Complete, so that two runs give the same order."""
    return (-one.certainty, *one.nearness, -int(one.last.timestamp()), one.via)
