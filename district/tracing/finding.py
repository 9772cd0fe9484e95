"""Find the contacts of a case in trips, stays, passages and teams."""

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import Any

from district.people.models import Person
from district.tracing import facts_of_presence as presence
from district.tracing.facts_of_presence import SearchedPeople
from district.tracing.facts_of_trips import trips_of, trips_that_may_meet
from district.tracing.rules import Certainty, Encounter, Evidence, ReasonKind, TracedPerson, TraceLimits, TraceWindow
from district.tracing.rules.contacts import after, joined, ranked, strongest
from district.tracing.rules.presence import in_team_together
from district.tracing.rules.travel import on_trips_together

ALL_KINDS = frozenset(ReasonKind)
_TRAVEL = frozenset({ReasonKind.TRIP, ReasonKind.ROUTE})


def find_contacts(
    case: Person, window: TraceWindow, limits: TraceLimits, kinds: Collection[ReasonKind] = ALL_KINDS
) -> list[TracedPerson]:
    """Return everybody who met a case, and with two hops everybody who met such a contact later.

    A contact of the first hop is no contact of the second. The case is in none. The second hop begins with people who
    are sure enough, and holds only reasons that are: see `TraceLimits.onward`. `kinds`: what is searched.
    """
    same = _merged()
    start, _end = window.span
    itself = SearchedPeople(_records([case.pk], same), {case.pk: start}, frozenset({case.pk}), same)
    near = ranked(strongest(_met(itself, window, limits, kinds, Certainty.POSSIBLE)), 1)
    since = {one.person: one.first for one in near if one.certainty >= limits.onward}
    if limits.hops == 1 or not since:
        return near
    known = frozenset({case.pk, *(one.person for one in near)})
    others = SearchedPeople(_records(since, same), since, known, same)
    return near + ranked(strongest(_met(others, window, limits, kinds, limits.onward)), 2)


def _met(
    who: SearchedPeople, window: TraceWindow, limits: TraceLimits, kinds: Collection[ReasonKind], least: Certainty
) -> Iterator[tuple[int, Evidence]]:
    """Return whom some people met, with reasons that are sure enough."""
    encounters = chain(
        _on_trips(who, window, limits, least) if _TRAVEL.intersection(kinds) else (),
        _in_teams(who, window, least) if ReasonKind.TEAM in kinds else (),
    )
    on_sites = ReasonKind.SITE in kinds and least < Certainty.CERTAIN  # the same site alone makes nobody certain
    found = chain(
        joined(_counting(encounters, who)),
        presence.on_sites_together(who, window, limits) if on_sites else (),
        presence.at_gates_together(who, window, limits, least) if ReasonKind.GATE in kinds else (),
    )
    return (one for one in found if one[1].certainty >= least)


def _on_trips(who: SearchedPeople, window: TraceWindow, limits: TraceLimits, least: Certainty) -> Iterator[Encounter]:
    trips = trips_of(who.owner, window)
    others = (one for one in trips_that_may_meet(trips, least) if who.same.get(one.person, one.person) not in who.known)
    return on_trips_together(trips, others, limits.near_rows, window.zone)


def _in_teams(who: SearchedPeople, window: TraceWindow, least: Certainty) -> Iterator[Encounter]:
    seen = presence.seen_in_teams(who.owner, window)
    registered = presence.registered_in_teams(who.owner, window) if least == Certainty.POSSIBLE else []
    return chain(
        in_team_together(seen, presence.seen_in_same_teams(seen, window), window.span, window.zone),
        in_team_together(registered, presence.registered_in_same_teams(registered, window), window.span, window.zone),
    )


def _counting(encounters: Iterable[Encounter], who: SearchedPeople) -> Iterator[Encounter]:
    """Keep the part of each encounter that counts. Merged records count as the record that stands."""
    for one in encounters:
        person, via = who.same.get(one.person, one.person), who.owner[one.via]
        left = None if person in who.known else after(one, who.since[via])
        if left is not None:
            yield left.named(person, via)


def _records(people: Iterable[int], same: dict[int, int]) -> dict[int, int]:
    """Return all records of some people, each with the person that stands.

    A merge moves what it can. A row that the standing record has too, such as the same trip, stays behind.
    """
    standing = set(people)
    return {one: one for one in standing} | {record: one for record, one in same.items() if one in standing}


def _merged() -> dict[int, int]:
    """Return each merged record with the person that stands."""
    rows: Any = Person.objects.filter(merged_into__isnull=False).order_by().values_list("pk", "merged_into")
    into: dict[int, int] = dict(rows)
    found = dict[int, int]()
    for record in into:
        target = into[record]
        while target in into:
            target = into[target]
        found[record] = target
    return found
