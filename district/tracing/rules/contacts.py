"""Reasons, how sure they are, and how those of one person are joined and ordered. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum

from django.utils.translation import gettext_noop

from common.refusals import TranslatableError
from district.tracing.rules.window import Span


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


class TraceRefused(TranslatableError):
    """A step of tracing that cannot be. `text` is an English message id, `values` fill it."""


DAYS_MAX = 30
MINUTES_MAX = 60
CLOSE_S = 60
"""Two people at one gate within so many seconds stood beside each other."""


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
    onward: Certainty = Certainty.CERTAIN
    """Of the first hop, a contact that is this sure leads to the second hop. The second hop holds only such contacts.
    With everybody of the same site it is half of the district.
    """

    def check(self) -> "TraceLimits":
        """Return the limits. Raises TraceRefused if one of them makes no sense."""
        if not 1 <= self.days <= DAYS_MAX:
            raise TraceRefused(gettext_noop("Look back 1 to %(days)s days."), days=DAYS_MAX)
        if self.hops not in (1, 2):
            raise TraceRefused(gettext_noop("Choose one hop or two."))
        if not 1 <= self.overlap_minutes <= 24 * 60 or not 0 <= self.gate_minutes <= MINUTES_MAX:
            raise TraceRefused(gettext_noop("Choose fewer minutes."))
        return self


@dataclass(frozen=True, slots=True)
class Encounter:
    """One time at which two people were together in a vehicle or team, or may have been."""

    person: int
    """Who met."""
    via: int
    """Whom: the case, or a contact of the first hop."""
    kind: ReasonKind
    key: str
    """What they shared: number and day, route and day, team. Encounters with the same key are one reason."""
    span: Span
    certainty: Certainty
    rows: int | None = None
    columns: int | None = None
    """Seats apart; None: not known."""
    sure: bool = True
    """False: the span is assumed. An entry or exit is missing, or only the register says so."""

    def named(self, person: int, via: int) -> "Encounter":
        """Return the same of the records that stand."""
        return self if (person, via) == (self.person, self.via) else replace(self, person=person, via=via)


@dataclass(frozen=True, slots=True)
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
    return encounter if start >= moment else replace(encounter, span=(moment, end))


@dataclass(frozen=True, slots=True)
class Together:
    """First and last moment of the time that two people were on one site, and how long that was together."""

    first: datetime
    last: datetime
    ms: int


def site_evidence(key: str, via: int, sure: Together | None, possible: Together) -> Evidence:
    """Return the reason of time together on a site. Sure time decides first. Only if it is too short (None), the
    assumed time counts too, and makes it possible.
    """
    used, certainty = (possible, Certainty.POSSIBLE) if sure is None else (sure, Certainty.LIKELY)
    return Evidence(ReasonKind.SITE, key, via, certainty, used.first, used.last, together_s=used.ms // 1000)


def gate_evidence(key: str, via: int, first: datetime, last: datetime, gap_s: float) -> Evidence:
    """Return the reason of passages of one gate soon after each other."""
    certainty = Certainty.CERTAIN if gap_s <= CLOSE_S else Certainty.LIKELY
    return Evidence(ReasonKind.GATE, key, via, certainty, first, last, gap_s=int(gap_s))


def joined(encounters: Iterable[Encounter]) -> Iterator[tuple[int, Evidence]]:
    """Join the encounters of each person with another at one thing to a reason."""
    groups: dict[tuple[int, ReasonKind, str, int], list[Encounter]] = defaultdict(list)
    for one in encounters:
        groups[one.person, one.kind, one.key, one.via].append(one)
    for (person, _kind, _key, _via), group in groups.items():
        nearest = min(group, key=lambda one: (-one.certainty, *_apart(one)))
        yield person, _made([one for one in group if one.sure] or group, nearest)


def strongest(found: Iterable[tuple[int, Evidence]]) -> dict[int, list[Evidence]]:
    """Return the reasons of each person. Of several people met at one thing the strongest stays."""
    best: dict[tuple[int, ReasonKind, str], Evidence] = {}
    for person, one in found:
        place = person, one.kind, one.key
        before = best.get(place)
        best[place] = one if before is None else min(before, one, key=_order)
    people: dict[int, list[Evidence]] = defaultdict(list)
    for (person, _kind, _key), one in best.items():
        people[person].append(one)
    return people


def ranked(people: dict[int, list[Evidence]], hop: int) -> list[TracedPerson]:
    """Return the contacts of one hop: the surest first, then the nearest, then who met last."""
    found = [TracedPerson(person, hop, tuple(sorted(rows, key=_order))) for person, rows in people.items()]
    return sorted(found, key=lambda one: (*_order(one.evidence[0])[:5], -one.last.timestamp(), one.person))


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
    )


def _apart(one: Encounter) -> tuple[int, ...]:
    parts = (one.rows, one.columns)
    return tuple(_FAR if part is None else part for part in parts)


def _order(one: Evidence) -> tuple[int, ...]:
    """Complete, so that two runs give the same order."""
    return (-one.certainty, *one.nearness, -int(one.last.timestamp()), one.via)
