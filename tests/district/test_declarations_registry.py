"""Declarations are stored once, seen by few, tell the gate, and go with their measure."""

from datetime import date, timedelta
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.utils import timezone

from district.audit.models import Entry
from district.declarations import clock_set_back, feed_handlers, registry
from district.declarations.asking import asking_site
from district.declarations.gates import tell_changes
from district.declarations.listing import missing_people
from district.declarations.models import HealthDeclaration, Stopover, TemperatureReading, Trip
from district.declarations.rules import Answers, Asked, DeclarationRefused, DraftStopover, DraftTrip
from district.declarations.signals import declared
from district.declarations.standing import Standing, standing_of
from district.declarations.states import declared_for_gates
from district.emergency import registry as measures
from district.emergency.erasing import erase_some
from district.emergency.models import EmergencyMeasure
from district.emergency.rules import MeasureKind
from district.exchange.models import OutboxRow
from district.exchange.present import workers_for_hq
from district.people.held import held_of
from district.people.models import Employment, Person
from district.people.registry import merge
from district.people.signals import erased
from district.permissions import Role
from district.wire import FeedEntry, FeedKind
from district.wire.written import written


@pytest.fixture(name="measure")
def _measure(town: SmallDistrict) -> EmergencyMeasure:
    ends = timezone.localdate() + timedelta(days=20)
    why = {"purpose": "Find contacts early", "legal_basis": "Emergency response law, article 56"}
    return measures.start_measure("test", MeasureKind.DECLARATIONS, town.towns[0], ends=ends, **why)


def _answers(today: date, **more: Any) -> Answers:
    trip = DraftTrip("train", today - timedelta(days=2), "g 1234次", "7车", "12f", "420100", "440600")
    stay = DraftStopover("420100", today - timedelta(days=9), today - timedelta(days=2))
    return Answers(**{"temperature": "36.6", "origin_code": "42", "trips": (trip,), "stopovers": (stay,), **more})


def _declare(town: SmallDistrict, **more: Any) -> HealthDeclaration:
    answers = more.pop("answers", None) or _answers(timezone.localdate())
    return registry.declare(
        "worker w-1", town.people[0], asking_site(town.people[0], town.projects[0]), answers, **more
    )


def test_ok__what_a_phone_sends_twice_is_stored_once(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """Row, trips, audit and signal come once; the number has its one form."""
    heard: list[Any] = []

    def hear(declaration: HealthDeclaration, **_more: Any) -> None:
        heard.append(declaration.pk)

    declared.connect(hear)
    first = _declare(town, client_key="k1")
    again = _declare(town, client_key="k1")
    declared.disconnect(hear)
    assert first.pk == again.pk
    assert heard == [first.pk]
    assert Entry.objects.filter(action="declare health").count() == 1
    trip = Trip.objects.get()
    assert (trip.number, trip.carriage, trip.seat, trip.measure) == ("G1234", "7", "12F", measure)
    _declare(town, client_key="k2")
    assert (HealthDeclaration.objects.count(), Trip.objects.count(), Stopover.objects.count()) == (2, 1, 1)


@pytest.mark.usefixtures("measure")
def test_ok__less_knowledge_does_not_undo_more(town: SmallDistrict) -> None:
    """A trip that is declared again without its seat keeps the seat."""
    _declare(town)
    trips = tuple(DraftTrip(t.mode, t.day, t.number, "", "", t.from_code, t.to_code) for t in Trip.objects.all())
    _declare(town, answers=Answers(trips=trips))
    assert Trip.objects.get().seat == "12F"


def test_fail__no_measure_no_data(town: SmallDistrict) -> None:
    """Where no measure holds nothing is stored, neither answers nor temperatures of gates."""
    with pytest.raises(DeclarationRefused, match="nothing is stored"):
        _declare(town)
    assert registry.take_temperature("gate g", town.people[0], town.projects[0], "38") is None
    assert not TemperatureReading.objects.exists()


@pytest.mark.usefixtures("measure")
def test_fail__declaring_on_a_site_without_work_or_without_a_reason(town: SmallDistrict) -> None:
    """A worker declares where the work is; a clerk says why."""
    with pytest.raises(DeclarationRefused, match="no work"):
        registry.declare("w", town.people[0], asking_site(town.people[0], town.projects[1]), Answers())
    with pytest.raises(DeclarationRefused, match="why"):
        _declare(town, way=HealthDeclaration.Way.CLERK)
    made = _declare(town, way=HealthDeclaration.Way.CLERK, why="no phone")
    assert Entry.objects.get(action="declare health", subject_id=str(made.pk)).details["why"] == "no phone"


@pytest.mark.usefixtures("measure")
def test_ok__seen_by_site_and_employer_and_never_by_guards(town: SmallDistrict) -> None:
    """A former employer and a guard see nothing."""
    _declare(town)
    other = town.account(Role.CLERK, enterprise=town.enterprises[2])
    Employment.objects.create(person=town.people[0], enterprise=town.enterprises[2], starts=date(2020, 1, 1))
    seen = {role: HealthDeclaration.objects.visible_to(user).count() for role, user in town.accounts.items()}
    assert [role for role, count in seen.items() if count] == [
        Role.OFFICER, Role.LIAISON, Role.CLERK, Role.MANAGER, Role.AUDITOR,
    ]  # fmt: skip
    assert not Trip.objects.visible_to(other).exists()


def test_ok__gate_hears_of_the_declaration_and_of_its_end(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """HQ's own time stays until a policy exists. Afterwards the district says it, and takes it back at the end."""
    made = _declare(town)
    assert not workers_for_hq(["w-1"])[0].declares
    registry.set_policy("test", measure, Asked(at_gate=True))
    assert workers_for_hq(["w-1"])[0].declared_utc == made.declared
    assert written(workers_for_hq(["w-1"])[0], None).declared_utc == made.declared
    OutboxRow.objects.all().delete()
    _declare(town, answers=Answers(symptoms=("fever",)))
    _declare(town)
    assert workers_for_hq(["w-1"])[0].declared_utc is None
    seen = _declare(town, way=HealthDeclaration.Way.CLERK, why="measured again")
    assert workers_for_hq(["w-1"])[0].declared_utc == seen.declared
    assert OutboxRow.objects.filter(subject="w-1").count() == 3
    OutboxRow.objects.all().delete()
    measures.end_measure("test", measure)
    while erase_some():
        pass
    assert not any(model.objects.exists() for model in (HealthDeclaration, Trip, Stopover))
    assert OutboxRow.objects.filter(subject="w-1").exists()
    assert workers_for_hq(["w-1"])[0].declared_utc is None


@pytest.mark.usefixtures("measure")
def test_ok__temperature_of_an_event_counts_once(town: SmallDistrict) -> None:
    """A fever is noted, and both temperatures of the day are found."""
    taken = timezone.now()
    for _ in range(2):
        made = registry.take_temperature(
            "gate g", town.people[0], town.projects[0], "37.4", taken=taken, key="site-1 7"
        )
    assert made is not None
    assert made.high
    _declare(town)
    today = timezone.localdate()
    assert TemperatureReading.objects.count() == 1
    assert len(registry.temperatures_of_day(town.people[0], today)) == 2


def test_ok__last_answers_come_back_without_health(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    _declare(town, answers=_answers(timezone.localdate(), symptoms=("cough",)))
    found = registry.last_answers(town.people[0], measure)
    assert (found.origin_code, len(found.trips), len(found.stopovers)) == ("420000", 1, 1)
    assert (found.symptoms, found.temperature) == ((), "")


@pytest.mark.usefixtures("measure")
def test_ok__declarations_follow_a_merge_and_go_with_the_person(town: SmallDistrict) -> None:
    """The record that stays has them; the person sees them all; an erased person has none."""
    _declare(town)
    first, second = town.people[:2]
    merge("test", second, first, "same person")
    assert HealthDeclaration.objects.get().person == second
    shown = [table for table in held_of(second) if table.rows and table.label in {"Trips", "Places of stay"}]
    assert len(shown) == 2
    erased.send(Person, person=second)
    assert not any(model.objects.exists() for model in (HealthDeclaration, Trip, Stopover))


@pytest.mark.usefixtures("measure")
def test_ok__feed_brings_temperatures_of_gates(town: SmallDistrict) -> None:
    """A page that comes twice counts once; a broken sensor and unknown workers bring nothing."""
    said = (("w-1", "37.41"), ("w-2", "null"), ("w-3", "12.5"), ("nobody", "36.5"), ("w-8", "36.5"))
    page = [
        FeedEntry(
            FeedKind.EVENT, "site-4" if who == "w-8" else "site-1", "gate-1", "line", seq, "access",
            worker_id=who, utc=timezone.now(), body=f'{{"temperature_c": {reading}}}',
        )
        for seq, (who, reading) in enumerate(said)
    ]  # fmt: skip
    feed_handlers.handle(page)
    feed_handlers.handle(page)
    found = TemperatureReading.objects.get()
    assert (found.person, found.degrees, found.high) == (town.people[0], "37.4", True)
    assert found.source == "gate gate-1"


def test_fail__a_declaration_of_a_clock_that_was_ahead_neither_counts_nor_hides_an_abnormal_one(
    town: SmallDistrict, measure: EmergencyMeasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before, it counted for days, and a worker who felt ill meanwhile still passed."""
    right, person = timezone.now(), town.people[0]
    registry.set_policy("test", measure, Asked(at_gate=True))
    monkeypatch.setattr(timezone, "now", lambda: right + timedelta(days=5))
    _declare(town)
    tell_changes()
    assert declared_for_gates([person.pk])
    monkeypatch.setattr(timezone, "now", lambda: right)
    OutboxRow.objects.all().delete()
    clock_set_back.repair(right)
    tell_changes()
    assert OutboxRow.objects.filter(kind=OutboxRow.Kind.WORKER, subject="w-1").exists()

    def standing() -> Standing:
        return standing_of(person, asking_site(person, town.projects[0]))

    officer = town.accounts[Role.OFFICER]
    assert not declared_for_gates([person.pk]) and standing().until is None
    assert missing_people(officer).filter(person=person).exists()
    _declare(town, answers=_answers(timezone.localdate(), symptoms=("fever",)))
    assert standing().waits and not declared_for_gates([person.pk])
    _declare(town, way=HealthDeclaration.Way.CLERK, why="seen by the site's doctor")
    assert standing().until is not None and declared_for_gates([person.pk])
