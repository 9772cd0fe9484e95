"""PROMISE: officers open, trace, call and close; calls stay, and nothing that a contact gets names the case."""

from datetime import timedelta

import pytest
from district_rig import SmallDistrict
from django.utils import timezone

from district.attendance.simulation.run import simulated
from district.attendance.simulation.size import SimulationSize
from district.audit.models import Entry
from district.cases.models import Case
from district.declarations.models import Trip
from district.emergency.erasing import erase_some
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import end_measure, start_measure
from district.emergency.rules import MeasureKind
from district.people.held import as_file
from district.people.holds import holds_of
from district.permissions import Role
from district.tracing import registry
from district.tracing.models import CallOutcome, Contact, ContactReason, Investigation
from district.tracing.registry import searches
from district.tracing.rules import TraceLimits, TraceRefused
from district.tracing.simulation import measure_searches, write_trips

WHY = {"purpose": "Find contacts", "legal_basis": "Emergency response law"}


def _measures(town: SmallDistrict) -> tuple[EmergencyMeasure, EmergencyMeasure]:
    ends = timezone.localdate() + timedelta(days=10)
    first, second = (
        start_measure("test", kind, town.root, ends=ends, **WHY)
        for kind in (MeasureKind.DECLARATIONS, MeasureKind.TRACING)
    )
    return first, second


def _opened(town: SmallDistrict, limits: TraceLimits | None = None) -> Investigation:
    """People 0 and 1 are one team. 0 and 6 sat near each other in a train, 6 and 7 in another."""
    declarations, _tracing = _measures(town)
    today = timezone.localdate()
    for who, number, seat in ((0, "G1", "3A"), (6, "G1", "4C"), (6, "G2", "3A"), (7, "G2", "3C")):
        person = town.people[who]
        Trip.objects.create(
            measure=declarations, person=person, mode="train", number=number, day=today, carriage="8", seat=seat
        )
    made = registry.open_investigation(
        "officer", town.people[0], town.towns[0], last_day=today, why="confirmed", limits=limits
    )
    registry.trace("officer", made)
    return made


def test_ok__the_list_has_the_nearest_first_and_both_hops(town: SmallDistrict) -> None:
    made = _opened(town, TraceLimits(hops=2))
    rows = list(made.contacts.order_by("rank").values_list("person__worker_id", "hop"))
    assert rows == [("w-7", 1), ("w-2", 1), ("w-8", 2)]
    vias = ContactReason.objects.order_by("pk").values_list("contact__person__worker_id", "via__worker_id")
    assert set(vias) == {("w-2", None), ("w-7", None), ("w-8", "w-7")}


def test_ok__calls_stay_when_the_search_runs_again(town: SmallDistrict) -> None:
    made = _opened(town)
    called = made.contacts.get(person=town.people[6])
    registry.record_call("officer", called, Contact.Outcome.WELL, "no complaint")
    Trip.objects.filter(person=town.people[6], number="G1").delete()
    assert registry.trace("officer", made) == 1
    called.refresh_from_db()
    assert (called.found, called.outcome, called.calls.get().note) == (False, "well", "no complaint")
    made.contacts.get(person=town.people[1])


def test_ok__what_a_contact_gets_does_not_lead_to_the_case(town: SmallDistrict) -> None:
    """Neither the sheet nor the record of the look names the case, its seat, train or team."""
    made = _opened(town)
    case = made.person
    for contact in made.contacts.all():
        said = repr(registry.call_sheet("officer", contact))
        entry = Entry.objects.filter(subject_kind="people.person", action="read").latest("pk")
        assert entry.subject_id == str(contact.person_id)
        for secret in (case.name, case.worker_id, "G1", "3A", "Team", "Site"):
            assert secret not in said + str(entry.details)


def test_ok__the_contacts_town_sees_the_contact_and_not_the_investigation(town: SmallDistrict) -> None:
    """Person 6 works in the other town: its officers call, and do not see whose contact it is."""
    made = _opened(town)
    officer = town.account(Role.OFFICER, place=town.towns[1])
    assert [one.person for one in Contact.objects.visible_to(officer).kept()] == [town.people[6]]
    assert not Investigation.objects.visible_to(officer).filter(pk=made.pk).exists()
    assert not Contact.objects.visible_to(town.accounts[Role.MANAGER]).exists()


def test_fail__without_a_measure_twice_or_after_its_end(town: SmallDistrict) -> None:
    today = timezone.localdate()
    with pytest.raises(TraceRefused, match="no measure"):
        registry.open_investigation("officer", town.people[0], town.towns[0], last_day=today, why="confirmed")
    made = _opened(town)
    with pytest.raises(TraceRefused, match="already"):
        registry.open_investigation("officer", town.people[0], town.towns[0], last_day=today, why="confirmed")
    with pytest.raises(TraceRefused, match="future"):
        later = today + timedelta(days=1)
        registry.open_investigation("officer", town.people[1], town.towns[0], last_day=later, why="confirmed")
    contact = made.contacts.all()[0]
    end_measure("test", made.measure)
    for step in (lambda: registry.trace("officer", made), lambda: registry.call_sheet("officer", contact)):
        with pytest.raises(TraceRefused, match="closed"):
            step()
    assert not Contact.objects.visible_to(town.accounts[Role.OFFICER]).kept().exists()


def test_ok__a_file_of_the_own_data_names_no_other_person(town: SmallDistrict) -> None:
    made = _opened(town)
    contact = made.contacts.get(person=town.people[6])
    registry.record_call("officer", contact, Contact.Outcome.WELL, "no complaint")
    said = str(as_file(town.people[6]))
    assert "no complaint" in said
    for secret in (made.person.name + "'", "'w-1'", "confirmed"):
        assert secret not in said
    assert any("emergency" in hold.reason for hold in holds_of(town.people[6]))
    assert [hold.reason for hold in holds_of(made.person)] == [hold.reason for hold in holds_of(town.people[6])]


def test_ok__after_the_end_no_row_is_left(town: SmallDistrict) -> None:
    """Investigation, contacts, reasons and calls go with the measure. The audit record never had their words."""
    made = _opened(town)
    called = made.contacts.all()[0]
    registry.record_call("officer", called, Contact.Outcome.WELL, "no complaint")
    registry.release_contact("officer", called, "tested twice")
    registry.close_investigation("officer", made, "a false alarm")
    said = str(list(Entry.objects.values_list("details", flat=True)))
    assert not any(text in said for text in ("confirmed", "no complaint", "tested twice", "a false alarm"))
    end_measure("test", made.measure)
    while erase_some():
        pass
    for model in (Investigation, Contact, ContactReason, CallOutcome):
        assert not model._base_manager.exists()


def test_fail__more_contacts_than_anybody_can_call(town: SmallDistrict, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _opened(town)
    monkeypatch.setattr("district.tracing.registry.investigations.CONTACTS_MAX", 1)
    with pytest.raises(TraceRefused, match="More than 1"):
        registry.trace("officer", made)
    assert made.contacts.count() == 2


def test_ok__searches_are_measured_in_a_synthetic_district(db: None) -> None:
    """Each person has the trips that were asked for; a real district gets none."""
    with pytest.raises(TraceRefused, match="simulate"):
        write_trips(10)
    simulated(
        SimulationSize(people=30, sites=2, gates=2, days=2, last_day=timezone.localdate()), tell=lambda text: None
    )
    assert write_trips(300) == 300
    figures = list(measure_searches(2))
    assert len(figures) == 5
    assert figures[3].contacts >= figures[2].contacts > 0


def test_fail__a_search_that_never_ends_stops_no_other(town: SmallDistrict, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the process, or fails: the next search comes first, and in the end it is given up."""
    first = _opened(town)
    today = timezone.localdate()
    second = registry.open_investigation("officer", town.people[6], town.towns[0], last_day=today, why="confirmed")
    for one in (first, second):
        registry.ask_search("officer", one)
    real = searches.trace

    def trace(by: object, found: Investigation) -> int:
        if found == first:
            raise MemoryError
        return real(by, found)

    monkeypatch.setattr(searches, "trace", trace)
    with pytest.raises(MemoryError):
        registry.search_next()
    assert registry.search_next()
    second.refresh_from_db()
    assert second.traced is not None
    for _ in range(searches.ATTEMPTS_MAX - 1):
        with pytest.raises(MemoryError):
            registry.search_next()
    assert registry.search_next()
    assert not registry.search_next()
    first.refresh_from_db()
    problem = registry.problem_of(first)
    assert problem is not None
    assert "did not come to an end" in str(problem)
    assert first.contacts.filter(found=True).count() == 2


def test_ok__a_search_asked_for_during_a_search_is_made_too(
    town: SmallDistrict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More was declared meanwhile: the first search did not see all of it."""
    made = _opened(town)
    real = searches.trace

    def trace(by: object, found: Investigation) -> int:
        registry.ask_search("officer", found)
        return real(by, found)

    registry.ask_search("officer", made)
    monkeypatch.setattr(searches, "trace", trace)
    assert registry.search_next()
    monkeypatch.undo()
    assert registry.search_next()
    assert not registry.search_next()
    registry.ask_search("officer", made)
    registry.close_investigation("officer", made, "a false alarm")
    assert not registry.search_next()
    towns = Case.objects.filter(source="tracing")
    told = [[step.said for step in case.steps.all() if step.action == "news"] for case in towns]
    assert len(told) == 2 and all("call nobody" in said for [said] in told)
