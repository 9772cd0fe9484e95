"""Find the contacts of a case in trips, stays, passages and teams."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import chain

from district.people.models import Person
from district.tracing import facts_of_presence as presence
from district.tracing.facts_of_trips import portions, trips_of, trips_that_may_meet
from district.tracing.rules import Encounter, TracedPerson, TraceLimits, TraceWindow
from district.tracing.rules.contacts import after, joined, ranked
from district.tracing.rules.presence import at_gate_together, in_team_together, on_site_together
from district.tracing.rules.travel import on_trips_together


def find_contacts(case: Person, window: TraceWindow, limits: TraceLimits) -> list[TracedPerson]:
    """Return everybody who met a case, and with two hops everybody who met such a contact later.

    A contact of the first hop is no contact of the second. The case is in none.
    """
    records = {case.pk, *_absorbed({case.pk})}
    met = _met(records, window, limits, records, dict.fromkeys(records, case.pk))
    near = ranked(joined(met, limits), 1)
    if limits.hops == 1:
        return near
    since = {one.person: one.first for one in near if one.certainty >= limits.onward}
    known = records | {one.person for one in near}
    return near + ranked(joined(_later(since, known, window, limits), limits), 2)


def _later(
    since: Mapping[int, datetime], known: Collection[int], window: TraceWindow, limits: TraceLimits
) -> Iterator[Encounter]:
    """Return the encounters with contacts, each only after that contact first met the case."""
    owner = {person: person for person in since} | _absorbed(set(since))
    for one in _met(set(owner), window, limits, known, owner):
        left = after(one, since[one.via])
        if left is not None:
            yield left


def _met(
    people: set[int],
    window: TraceWindow,
    limits: TraceLimits,
    known: Collection[int],
    owner: Mapping[int, int],
) -> list[Encounter]:
    """Return all encounters of some people with others. Merged records count as the record that stands."""
    found = [one for one in _encounters(people, window, limits) if one.person not in people]
    standing = _standing({one.person for one in found})
    named = (replace(one, person=standing.get(one.person, one.person), via=owner[one.via]) for one in found)
    return [one for one in named if one.person not in known]


def _encounters(people: set[int], window: TraceWindow, limits: TraceLimits) -> Iterator[Encounter]:
    trips = trips_of(people, window)
    stays = presence.stays_of(people, window)
    gates = presence.gate_facts_of(people, window)
    seen = presence.seen_in_teams(people, window)
    registered = presence.registered_in_teams(people, window)
    beside = presence.gate_facts_beside(gates, limits.gate_minutes, window)
    return chain(
        on_trips_together(trips, trips_that_may_meet(trips), limits.near_rows, window.zone),
        on_site_together(stays, presence.stays_beside(stays, window)),
        at_gate_together(gates, beside, limits.gate_minutes),
        in_team_together(seen, presence.seen_in_same_teams(seen, window), window.span, window.zone),
        in_team_together(registered, presence.registered_in_same_teams(registered, window), window.span, window.zone),
    )


def _absorbed(people: set[int]) -> dict[int, int]:
    """Return the records that were merged into some people, each with the person that stands.

    A merge moves what it can; a row that the standing record has too, such as the same trip, stays behind.
    """
    owner, waiting = dict[int, int](), {person: person for person in people}
    while waiting:
        merged = dict[int, int]()
        for part in portions(waiting):
            rows = Person.objects.filter(merged_into__in=part).order_by().values_list("pk", "merged_into")
            merged |= {record: waiting[into] for record, into in rows if into is not None}
        owner |= merged
        waiting = merged
    return owner


def _standing(people: set[int]) -> dict[int, int]:
    """Return for each merged record the person that stands."""
    into, waiting = dict[int, int](), people
    while waiting:
        rows = dict[int, int]()
        for part in portions(waiting):
            merged = Person.objects.filter(pk__in=part, merged_into__isnull=False).order_by()
            rows |= {record: target for record, target in merged.values_list("pk", "merged_into") if target is not None}
        into |= rows
        waiting = set(rows.values()) - into.keys()
    found = dict[int, int]()
    for record in into:
        target = into[record]
        while target in into:
            target = into[target]
        found[record] = target
    return found
