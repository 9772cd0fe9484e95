"""PROMISE: in any world the search finds the contacts and reasons that a slow count by minutes finds."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product

import pytest
from district_rig import SmallDistrict
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from tracing_world import (
    CHINA,
    DAYS,
    FIRST,
    LONG,
    PEOPLE,
    SITES,
    START,
    STEPS,
    WORLDS,
    StoredWorld,
    TracedWorld,
    WorldTrip,
    clock,
)

from district.emergency.models import EmergencyMeasure
from district.emergency.registry import start_measure
from district.emergency.rules import MeasureKind
from district.people.models import Person
from district.tracing.finding import find_contacts
from district.tracing.rules import Certainty, ReasonKind, TraceWindow

Reason = tuple[ReasonKind, str]
Fact = tuple[Certainty, datetime, datetime]
"""How sure a reason is, and its first and last moment."""


@dataclass
class _Oracle:
    """Counts by steps of the clock and by pairs, without any index or order."""

    world: TracedWorld
    sites: list[int]
    teams: list[int]

    def contacts(self) -> dict[tuple[int, int], dict[Reason, Fact]]:
        near = {who: found for who in range(1, PEOPLE) if (found := self._between(0, who, START))}
        all_found = {(who, 1): found for who, found in near.items()}
        if self.world.limits.hops == 2:
            for who in set(range(1, PEOPLE)) - near.keys():
                reasons: dict[Reason, list[Fact]] = defaultdict(list)
                for via, found in near.items():
                    if max(fact[0] for fact in found.values()) >= self.world.limits.onward:
                        since = min(fact[1] for fact in found.values())
                        for reason, fact in self._between(via, who, since).items():
                            if fact[0] >= self.world.limits.onward:
                                reasons[reason].append(fact)
                if reasons:
                    all_found[who, 2] = {key: max(facts, key=lambda fact: fact[0]) for key, facts in reasons.items()}
        return all_found

    def _between(self, one: int, other: int, since: datetime) -> dict[Reason, Fact]:
        parts = (self._trips, self._sites, self._gates, self._teams)
        return {key: fact for part in parts for key, fact in part(one, other, since)}

    def _end(self) -> datetime:
        return min(clock(self.world.now), START + timedelta(days=DAYS))

    def _trips(self, one: int, other: int, since: datetime) -> Iterator[tuple[Reason, Fact]]:
        best = dict[Reason, Fact]()
        for a, b in product(self.world.trips, self.world.trips):
            if (a.who, b.who) != (one, other) or a.day != b.day or not 0 <= a.day < DAYS or a.mode != b.mode:
                continue
            start = START + timedelta(days=a.day)
            if start + timedelta(days=1) <= since:
                continue
            span = max(start, since), start + timedelta(days=1)
            day = start.date()
            if a.number and a.number == b.number:
                key: Reason = (ReasonKind.TRIP, f"{a.mode} {a.number} {day}")
                fact = (_seats(a, b), *span)
                best[key] = max(best.get(key, fact), fact)
            elif not (a.number and b.number) and a.mode != "car" and _route(a) == _route(b) and all(_route(a)):
                best[ReasonKind.ROUTE, f"{a.mode} {a.origin} {a.end} {day}"] = (Certainty.POSSIBLE, *span)
        yield from best.items()

    def _sites(self, one: int, other: int, since: datetime) -> Iterator[tuple[Reason, Fact]]:
        for site, number in enumerate(self.sites):
            for sure, certainty in ((True, Certainty.LIKELY), (False, Certainty.POSSIBLE)):
                both = self._steps(one, site, sure) & self._steps(other, site, sure)
                pieces = [(max(clock(n), since), clock(n + 1)) for n in both if clock(n + 1) > since]
                minutes = sum((end - start).total_seconds() for start, end in pieces) / 60
                if pieces and minutes >= self.world.limits.overlap_minutes:
                    first, last = min(piece[0] for piece in pieces), max(piece[1] for piece in pieces)
                    yield (ReasonKind.SITE, str(number)), (certainty, first, last)
                    break

    def _steps(self, who: int, site: int, sure: bool) -> set[int]:
        found = set[int]()
        now = min(self.world.now, STEPS)
        for stay in self.world.stays:
            if (stay.who, stay.site) != (who, site) or (sure and stay.seen in ("entry", "exit")):
                continue
            first, last = stay.came, stay.came + stay.steps
            if stay.seen == "entry":
                last = stay.came + LONG
            if stay.seen == "exit":
                first = last - LONG
            if stay.seen == "inside":
                last = now
            found |= {step for step in range(first, last) if 0 <= step < now}
        return found

    def _gates(self, one: int, other: int, since: datetime) -> Iterator[tuple[Reason, Fact]]:
        for site, gate in product(range(SITES), range(2)):
            rows = list[Fact]()
            for a, b in product(self.world.passes, self.world.passes):
                at_gate = (a.site, a.gate, b.site, b.gate) == (site, gate, site, gate)
                if not at_gate or (a.who, b.who) != (one, other) or not (a.counts and b.counts):
                    continue
                first, last = sorted(START + timedelta(seconds=row.second) for row in (a, b))
                gap = (last - first).total_seconds()
                inside = first >= START and last < self._end()
                if inside and last >= since and gap <= self.world.limits.gate_minutes * 60:
                    certainty = Certainty.CERTAIN if gap <= 60 else Certainty.LIKELY
                    if last > since or first == last:
                        rows.append((certainty, max(first, since), last))
            if rows:
                spans = min(row[1] for row in rows), max(row[2] for row in rows)
                yield (ReasonKind.GATE, f"{self.sites[site]} gate-{gate}"), (max(row[0] for row in rows), *spans)

    def _teams(self, one: int, other: int, since: datetime) -> Iterator[tuple[Reason, Fact]]:
        for site, number in enumerate(self.teams):
            seen = [day for day in range(DAYS) if {(one, site, day), (other, site, day)} <= self.world.days]
            register = [day for day in range(DAYS) if self._member(one, site, day) and self._member(other, site, day)]
            for days, certainty in ((seen, Certainty.CERTAIN), (register, Certainty.POSSIBLE)):
                pieces = [
                    (max(start, since), min(start + timedelta(days=1), self._end()))
                    for start in (START + timedelta(days=day) for day in days)
                ]
                kept = [(start, end) for start, end in pieces if end > start]
                if kept:
                    yield (
                        (ReasonKind.TEAM, str(number)),
                        (certainty, min(piece[0] for piece in kept), max(piece[1] for piece in kept)),
                    )
                    break

    def _member(self, who: int, site: int, day: int) -> bool:
        held = self.world.registered.get(who)
        return held is not None and held[0] == site and held[1] <= day <= held[2]


def _route(trip: WorldTrip) -> tuple[str, str]:
    return trip.origin, trip.end


def _seats(a: WorldTrip, b: WorldTrip) -> Certainty:
    """Say it as a table: what is known of carriages and seats gives how near two people were."""
    if a.mode == "car":
        return Certainty.CERTAIN
    if a.carriage and b.carriage and a.carriage != b.carriage:
        return Certainty.POSSIBLE
    one_room = bool(a.carriage and b.carriage)
    if a.mode == "train" and not one_room:
        return Certainty.POSSIBLE
    rows = {frozenset({"1A", "3F"}): 2, frozenset({"1A", "9C"}): 8, frozenset({"3F", "9C"}): 6}
    rows |= {frozenset({"12", "40"}): 5, **{frozenset({seat}): 0 for seat in ("1A", "3F", "9C", "12", "40")}}
    apart = rows.get(frozenset({a.seat, b.seat}))
    if apart is None:
        return Certainty.LIKELY if one_room or a.mode == "coach" else Certainty.POSSIBLE
    return Certainty.CERTAIN if apart <= 3 else Certainty.LIKELY


@pytest.fixture
def measure(town: SmallDistrict) -> EmergencyMeasure:
    why = {"purpose": "Find contacts", "legal_basis": "Emergency response law"}
    return start_measure("test", MeasureKind.DECLARATIONS, town.root, ends=_in_ten_days(), **why)


def _in_ten_days() -> date:
    return datetime.now(CHINA).date() + timedelta(days=10)


@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(WORLDS)
def test_ok__contacts_are_those_of_the_slow_count(
    town: SmallDistrict, measure: EmergencyMeasure, world: TracedWorld
) -> None:
    point = transaction.savepoint()
    try:
        stored = StoredWorld(town, measure, world)
        window = TraceWindow(FIRST, FIRST + timedelta(days=DAYS - 1), clock(world.now), CHINA)
        found = find_contacts(stored.people[0], window, world.limits)
        number = {person.pk: n for n, person in enumerate(stored.people)}
        mine = {
            (number[one.person], one.hop): {
                (why.kind, why.key): (why.certainty, *((why.first, why.last) if one.hop == 1 else ()))
                for why in one.evidence
            }
            for one in found
        }
        oracle = _Oracle(world, [p.pk for p in stored.projects], [t.pk for t in stored.teams]).contacts()
        theirs = {
            key: {reason: fact if key[1] == 1 else fact[:1] for reason, fact in reasons.items()}
            for key, reasons in oracle.items()
        }
        assert mine == theirs
        assert [one.hop for one in found] == sorted(one.hop for one in found)
        assert Person.objects.get(pk=stored.people[0].pk).pk not in {one.person for one in found}
    finally:
        transaction.savepoint_rollback(point)
