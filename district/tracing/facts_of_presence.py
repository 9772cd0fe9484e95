"""Read stays, passages and teams as facts. A query takes many people or sites at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q

from district.attendance.models import Day, Passage, Stay
from district.attendance.models.projections import INSIDE
from district.attendance.rules.working_time import LONGEST_MAX_S
from district.people.models import Assignment
from district.tracing.facts_of_trips import portions
from district.tracing.rules import TraceWindow
from district.tracing.rules.presence import ASSUMED, GateFact, PresentSpan, StayFact, TeamFact, present
from district.tracing.rules.window import Span

_STAY = ("person", "project", "came", "left", "missing_exit", "missing_entry")
_LONGEST = timedelta(seconds=LONGEST_MAX_S)


def stays_of(people: Collection[int], window: TraceWindow) -> list[PresentSpan]:
    """Return when some people were on sites."""
    return [
        span for part in portions(people) for span in _present(Q(person__in=part) & _came(window.span), window.span)
    ]


def stays_beside(cases: Iterable[PresentSpan], window: TraceWindow) -> Iterator[PresentSpan]:
    """Return who was on the same sites at about the same time."""
    for site, span in _spans((one.project, one.span) for one in cases).items():
        yield from _present(Q(project=site) & _came(span), window.span)


def gate_facts_of(people: Collection[int], window: TraceWindow) -> list[GateFact]:
    """Return the passages and refusals of some people."""
    start, end = window.span
    return [fact for part in portions(people) for fact in _passages(Q(person__in=part, utc__gte=start, utc__lt=end))]


def gate_facts_beside(cases: Iterable[GateFact], minutes: int, window: TraceWindow) -> Iterator[GateFact]:
    """Return the passages of the same gates within some minutes. Overlapping spans are read once."""
    start, end = window.span
    within = timedelta(minutes=minutes)
    sites: dict[int, list[datetime]] = defaultdict(list)
    for one in cases:
        sites[int(one.gate.partition(" ")[0])].append(one.utc)
    for site, times in sites.items():
        for part in portions(_united(times, within)):
            some = Q()
            for first, last in part:
                some |= Q(utc__gte=max(first, start), utc__lte=last, utc__lt=end)
            yield from _passages(Q(project=site) & some)


def seen_in_teams(people: Collection[int], window: TraceWindow) -> list[TeamFact]:
    """Return the days on which gates saw some people who work in a team."""
    return [fact for part in portions(people) for fact in _days(Q(person__in=part), window)]


def seen_in_same_teams(cases: Iterable[TeamFact], window: TraceWindow) -> Iterator[TeamFact]:
    """Return the days on which gates saw anybody of the same teams."""
    for part in portions({one.team for one in cases}):
        yield from _days(Q(team__in=part), window)


def registered_in_teams(people: Collection[int], window: TraceWindow) -> list[TeamFact]:
    """Return the teams of some people by the register."""
    return [fact for part in portions(people) for fact in _registered(Q(person__in=part), window)]


def registered_in_same_teams(cases: Iterable[TeamFact], window: TraceWindow) -> Iterator[TeamFact]:
    """Return who else is in the same teams by the register."""
    for part in portions({one.team for one in cases}):
        yield from _registered(Q(team__in=part), window)


def _came(span: Span) -> Q:
    """Return the filter for stays that may reach into a span. `present` then decides.

    An open stay may be longer than the longest one, until attendance notes that its exit is missing.
    """
    return Q(came__lt=span[1] + ASSUMED) & (Q(came__gt=span[0] - _LONGEST) | INSIDE)


def _present(wanted: Q, span: Span) -> Iterator[PresentSpan]:
    for row in Stay.objects.filter(wanted).order_by().values_list(*_STAY).iterator(chunk_size=2_000):
        found = present(StayFact(*row), span)
        if found is not None:
            yield found


def _spans(rows: Iterable[tuple[int, Span]]) -> dict[int, Span]:
    found = dict[int, Span]()
    for site, (start, end) in rows:
        before = found.get(site, (start, end))
        found[site] = min(before[0], start), max(before[1], end)
    return found


def _passages(wanted: Q) -> Iterator[GateFact]:
    rows: Any = Passage.objects.filter(wanted, source=Passage.Source.GATE, set_aside=False, person__isnull=False)
    for person, site, gate, utc in rows.order_by().values_list("person", "project", "line__gate_id", "utc").iterator():
        yield GateFact(person, f"{site} {gate}", utc)


def _united(times: list[datetime], within: timedelta) -> list[Span]:
    found = list[Span]()
    for utc in sorted(times):
        first, last = utc - within, utc + within
        if found and first <= found[-1][1]:
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
    return found


def _days(wanted: Q, window: TraceWindow) -> Iterator[TeamFact]:
    rows: Any = Day.objects.filter(wanted, team__isnull=False, date__gte=window.first_day, date__lte=window.last_day)
    for person, team, day in rows.order_by().values_list("person", "team", "date"):
        yield TeamFact(person, team, day, day, seen=True)


def _registered(wanted: Q, window: TraceWindow) -> Iterator[TeamFact]:
    held = Q(ends__isnull=True) | Q(ends__gte=window.first_day)
    rows: Any = Assignment.objects.filter(wanted, held, team__isnull=False, starts__lte=window.last_day)
    for person, team, starts, ends in rows.order_by().values_list("person", "team", "starts", "ends"):
        yield TeamFact(person, team, starts, _last(ends, window), seen=False)


def _last(ends: date | None, window: TraceWindow) -> date:
    return window.last_day if ends is None else ends
