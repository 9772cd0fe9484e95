"""Read who was on a site, at a gate or in a team together with some people. A query takes many people at once."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from district.attendance.models import Day
from district.attendance.rules.working_time import LONGEST_MAX_S
from district.people.models import Assignment
from district.tracing.facts_of_trips import portions
from district.tracing.presence_sql import TimeDialect, gate_sql, site_sql
from district.tracing.rules import Certainty, Evidence, TraceLimits, TraceWindow
from district.tracing.rules.contacts import CLOSE_S, Together, gate_evidence, site_evidence
from district.tracing.rules.presence import ASSUMED, TeamFact

_LONGEST = timedelta(seconds=LONGEST_MAX_S)
_MINUTE_MS = 60_000


@dataclass(frozen=True)
class SearchedPeople:
    """Whose contacts are searched for."""

    owner: dict[int, int]
    """Each of their records -> the person that stands."""
    since: dict[int, datetime]
    """Person -> the moment from which on encounters count."""
    known: frozenset[int]
    """Who is left out: they are contacts already, or the case."""
    same: dict[int, int]
    """Each merged record -> the person that stands."""

    def parameters(self) -> list[str]:
        """Return them for a query."""
        via = [(record, person, _ms(self.since[person])) for record, person in self.owner.items()]
        return [json.dumps(via), json.dumps([[one] for one in self.known]), json.dumps(list(self.same.items()))]


def on_sites_together(who: SearchedPeople, window: TraceWindow, limits: TraceLimits) -> Iterator[tuple[int, Evidence]]:
    """Return who was on the same sites long enough, with the reason."""
    start, end = window.span
    if end <= start:
        return
    seconds = (int(one.total_seconds()) for one in (ASSUMED, _LONGEST))
    shortest = limits.overlap_minutes * _MINUTE_MS
    values = [*who.parameters(), _ms(end), _text(end + ASSUMED), _text(start - _LONGEST), shortest]
    sql = site_sql(TimeDialect.of(connection), *seconds)
    for via, person, site, begin, last, together, sure_begin, sure_last, surely in _rows(sql, values):
        sure = Together(_moment(sure_begin), _moment(sure_last), surely) if surely >= shortest else None
        yield person, site_evidence(str(site), via, sure, Together(_moment(begin), _moment(last), together))


def at_gates_together(
    who: SearchedPeople, window: TraceWindow, limits: TraceLimits, least: Certainty = Certainty.POSSIBLE
) -> Iterator[tuple[int, Evidence]]:
    """Return who passed the same gates within some minutes, with the reason."""
    start, end = (_text(one) for one in window.span)
    gap = limits.gate_minutes * _MINUTE_MS
    if least == Certainty.CERTAIN:
        gap = min(gap, CLOSE_S * 1000)
    values = [*who.parameters(), start, end, max(gap, _MINUTE_MS), start, end, gap]
    for via, person, site, gate, begin, last, apart in _rows(gate_sql(TimeDialect.of(connection)), values):
        yield person, gate_evidence(f"{site} {gate}", via, _moment(begin), _moment(last), apart / 1000)


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


def _rows(sql: str, values: list[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _text(moment: datetime) -> str:
    """Return a moment as both databases compare it with a column."""
    utc = moment.astimezone(UTC).isoformat(sep=" ")
    return utc if connection.vendor == "postgresql" else utc.removesuffix("+00:00")


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
