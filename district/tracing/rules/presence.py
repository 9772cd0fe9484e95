"""People at the same place: how long together on a site, how soon after each other at a gate, in one team. Pure."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from district.tracing.rules.contacts import Certainty, Encounter, ReasonKind
from district.tracing.rules.window import Span, days_span, shared

ASSUMED = timedelta(hours=16)
"""How long a stay may have been whose entry or exit nobody saw."""
_CLOSE_S = 60
"""Two people at one gate within so many seconds stood beside each other."""


@dataclass(frozen=True)
class StayFact:
    """One stay on a site, as attendance keeps it."""

    person: int
    project: int
    came: datetime
    left: datetime | None
    missing_exit: bool = False
    missing_entry: bool = False


@dataclass(frozen=True)
class PresentSpan:
    """When somebody was on a site. Not `sure`: an end of it is assumed."""

    person: int
    project: int
    span: Span
    sure: bool


@dataclass(frozen=True)
class GateFact:
    """One passage or refusal of somebody at a gate."""

    person: int
    gate: str
    utc: datetime


@dataclass(frozen=True)
class TeamFact:
    """Days of somebody in a team. Not `seen`: the register says so, and no gate saw it."""

    person: int
    team: int
    first: date
    last: date
    seen: bool


def present(stay: StayFact, window: Span) -> PresentSpan | None:
    """Return when a stay was, inside the window; None if it was not inside."""
    start, end = stay.came, stay.left
    if stay.missing_entry:
        start = (end or start) - ASSUMED
    if end is None:
        end = stay.came + ASSUMED if stay.missing_exit else window[1]
    inside = shared((start, end), window)
    sure = not stay.missing_entry and not stay.missing_exit
    return None if inside is None else PresentSpan(stay.person, stay.project, inside, sure)


def on_site_together(cases: Iterable[PresentSpan], others: Iterable[PresentSpan]) -> Iterator[Encounter]:
    """Return each time that somebody was on a site together with one of the cases."""
    sites: dict[int, list[PresentSpan]] = defaultdict(list)
    for one in cases:
        sites[one.project].append(one)
    starts, longest = dict[int, list[datetime]](), dict[int, timedelta]()
    for site, rows in sites.items():
        rows.sort(key=lambda row: row.span[0])
        starts[site] = [row.span[0] for row in rows]
        longest[site] = max(row.span[1] - row.span[0] for row in rows)
    for other in others:
        found = sites.get(other.project)
        if found is None:
            continue
        first = bisect_left(starts[other.project], other.span[0] - longest[other.project])
        for one in found[first : bisect_right(starts[other.project], other.span[1])]:
            both = shared(one.span, other.span)
            if both is not None and one.person != other.person:
                sure = one.sure and other.sure
                certainty = Certainty.LIKELY if sure else Certainty.POSSIBLE
                key = str(one.project)
                yield Encounter(other.person, one.person, ReasonKind.SITE, key, both, certainty, sure=sure)


def at_gate_together(cases: Iterable[GateFact], others: Iterable[GateFact], minutes: int) -> Iterator[Encounter]:
    """Return each time that somebody was at a gate within some minutes of one of the cases."""
    gates: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for one in cases:
        gates[one.gate].append((one.utc, one.person))
    for rows in gates.values():
        rows.sort()
    within = timedelta(minutes=minutes)
    for other in others:
        rows = gates.get(other.gate, [])
        for utc, person in rows[bisect_left(rows, (other.utc - within, -1)) :]:
            if utc > other.utc + within:
                break
            if person != other.person:
                gap = abs((utc - other.utc).total_seconds())
                span = min(utc, other.utc), max(utc, other.utc)
                certainty = Certainty.CERTAIN if gap <= _CLOSE_S else Certainty.LIKELY
                key = other.gate
                yield Encounter(other.person, person, ReasonKind.GATE, key, span, certainty, gap_s=int(gap))


def in_team_together(
    cases: Iterable[TeamFact], others: Iterable[TeamFact], window: Span, zone: tzinfo
) -> Iterator[Encounter]:
    """Return each time that somebody was in a team together with one of the cases.

    A gate that saw both on the same day makes it certain; the register alone makes it possible.
    """
    teams: dict[int, list[TeamFact]] = defaultdict(list)
    for one in cases:
        teams[one.team].append(one)
    for other in others:
        for one in teams.get(other.team, []):
            first, last = max(one.first, other.first), min(one.last, other.last)
            if first > last or one.person == other.person or one.seen != other.seen:
                continue
            both = shared(days_span(first, last, zone), window)
            if both is not None:
                certainty = Certainty.CERTAIN if one.seen else Certainty.POSSIBLE
                yield Encounter(
                    other.person, one.person, ReasonKind.TEAM, str(one.team), both, certainty, sure=one.seen
                )
