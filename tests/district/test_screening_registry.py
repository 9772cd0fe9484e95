"""PROMISE: lists find exactly whom they mean. Likeness alone stops nobody."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.utils import timezone
from id_numbers import id_number
from screening_rig import ABOUT, TODAY, WHY, card, handed_over, load, named, screening

from district.audit.models import Entry
from district.declarations.models import Stopover, Trip
from district.declarations.signals import declared
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import end_measure, start_measure
from district.emergency.rules import MeasureKind
from district.exchange.models import OutboxRow
from district.people.models import Assignment, IdDocument, Person
from district.people.registry.persons import document_index, phone_index
from district.permissions import Role
from district.screening import registry
from district.screening.models import Hit, KeyList, KeyRow
from district.screening.registry import names
from district.screening.rules import HitState, KeyEntry, ScreeningRefused
from district.screening.worker_rounds import compare_lists_again


@pytest.fixture
def measure(town: SmallDistrict) -> EmergencyMeasure:
    return screening(town)


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


def _states(person: Person) -> list[tuple[str, str]]:
    return list(Hit.objects.filter(person=person).order_by("pk").values_list("basis", "state"))


def test_ok__a_number_is_found_only_in_the_place_of_the_measure(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    near, far = town.people[0], town.people[7]
    card(near, id_number(1))
    card(far, id_number(2))
    done = load(measure, KeyEntry(number=id_number(1)), KeyEntry(number=id_number(2)), KeyEntry(name="nobody"))
    assert (done.rows, done.hits, list(done.refused)) == (2, 1, [3])
    assert _states(near) == [("number", "in_force")]
    hit = Hit.objects.get()
    assert (hit.decided_by, hit.until.date() <= ABOUT.ends + timedelta(days=1)) == ("chen", True)


def test_ok__who_is_assigned_or_gets_a_document_later_is_compared_too(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    person, project = town.people[7], town.projects[0]
    load(measure, KeyEntry(number=id_number(1)))
    card(person, id_number(1))
    assert not _states(person)
    enterprise = town.enterprises[0]
    Assignment.objects.create(person=person, project=project, enterprise=enterprise, starts=TODAY)
    assert _states(person) == [("number", "in_force")]
    assert list(OutboxRow.objects.filter(kind="risk").values_list("subject", flat=True)) == ["w-8"]


def test_ok__a_phone_stops_somebody_only_with_the_name(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    for person, phone in zip(town.people, ("+8613800138000", "+8613800138001"), strict=False):
        person.phone, person.phone_index, person.joined = phone, phone_index(phone), "zhangsan"
        person.save()
    load(measure, KeyEntry(name="张三", phone="13800138000"), KeyEntry(name="李四", phone="13800138001"))
    assert _states(town.people[0]) == [("phone", "in_force")]
    assert _states(town.people[1]) == [("phone", "candidate")]


def test_ok__a_document_of_unknown_kind_waits_for_a_person(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    card(town.people[0], "E1234567", kind="08")
    card(town.people[1], "12345678", kind="12")
    load(measure, KeyEntry(number="E1234567"), KeyEntry(number="12345678", kind="08"))
    assert _states(town.people[0]) == [("number", "candidate")]
    assert not _states(town.people[1])


def test_ok__a_name_with_birth_or_province_waits_for_a_person(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    named(town.people[0], "zhangshan", date(1980, 1, 1))
    named(town.people[1], "zhangsan", None, "42")
    named(town.people[2], "zhangsan", date(1981, 1, 1), "42")
    load(measure, KeyEntry(name="张三", birth=date(1980, 1, 1), area="420100"))
    assert [_states(one) for one in town.people[:3]] == [[("name", "candidate")]] * 2 + [[]]
    assert not handed_over(hq) and not handed_over(hq, "w-2")


@pytest.mark.parametrize("few", [0, names.FEW_BLOCKS])
def test_ok__a_short_list_and_a_long_one_find_the_same(
    town: SmallDistrict, measure: EmergencyMeasure, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Of a short list only people with its dates of birth, or provinces and initials, are read."""
    monkeypatch.setattr(names, "FEW_BLOCKS", few)
    named(town.people[0], "zhangsan", date(1980, 1, 1))
    named(town.people[1], "zhangsan", None, "42")
    named(town.people[2], "zhangsan", date(1980, 1, 2), "42")
    named(town.people[3], "lisi", date(1980, 1, 1), "42")
    entries = KeyEntry(name="张三", birth=date(1980, 1, 1)), KeyEntry(name="张三", area="420100"), KeyEntry(name="王五")
    load(measure, *entries)
    assert [len(_states(one)) for one in town.people[:4]] == [1, 1, 1, 0]


def test_ok__another_resident_number_is_another_person(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    named(town.people[0], "zhangsan", date(1990, 1, 1))
    named(town.people[1], "zhangsan", date(1990, 1, 1))
    card(town.people[0], id_number(5))
    load(measure, KeyEntry(name="张三", number=id_number(1)))
    assert not _states(town.people[0])
    assert _states(town.people[1]) == [("name", "candidate")]


def test_ok__a_candidate_that_a_document_proves_is_in_force(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    named(town.people[0], "zhangsan", date(1990, 1, 1))
    load(measure, KeyEntry(name="张三", number=id_number(1)))
    assert _states(town.people[0]) == [("name", "candidate")]
    card(town.people[0], id_number(1))
    assert _states(town.people[0]) == [("number", "in_force")]


def test_ok__who_was_dismissed_is_no_candidate_of_tomorrows_list(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    named(town.people[0], "zhangsan", date(1980, 1, 1))
    entry = KeyEntry(name="张三", birth=date(1980, 1, 1))
    load(measure, entry)
    registry.dismiss_hit("li", Hit.objects.get(), "his brother's card shown")
    assert load(measure, entry).hits == 0
    assert load(measure, replace(entry, phone="13800138000")).hits == 1


def test_fail__a_decision_without_a_reason(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    card(town.people[0], id_number(1))
    load(measure, KeyEntry(number=id_number(1)))
    with pytest.raises(ScreeningRefused, match="Say why"):
        registry.lift_hit("li", Hit.objects.get(), " x\n")
    assert Hit.objects.get().state == HitState.IN_FORCE


def test_fail__lists_need_a_measure_a_source_and_an_end(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    for about in (
        replace(ABOUT, ends=TODAY - timedelta(days=1)),
        replace(ABOUT, legal_basis=" "),
        replace(ABOUT, reason_code="x" * 41),
    ):
        with pytest.raises(ScreeningRefused):
            registry.load_list("chen", measure, about, [])
    with pytest.raises(ScreeningRefused, match="right file"):
        load(measure, *[KeyEntry()] * 1_002)
    assert not KeyList.objects.in_force().exists()
    end_measure("test", measure)
    with pytest.raises(ScreeningRefused, match="start one"):
        load(measure)


def _health(town: SmallDistrict) -> EmergencyMeasure:
    ends = TODAY + timedelta(days=5)
    return start_measure("test", MeasureKind.DECLARATIONS, town.root, ends=ends, **WHY)


def test_ok__a_rule_finds_earlier_and_later_declarations(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    health, day = _health(town), TODAY - timedelta(days=5)
    common = {"measure": health, "from_day": day, "until_day": day}
    Stopover.objects.create(person=town.people[0], area="420106", **common)
    Stopover.objects.create(person=town.people[1], area="420000", **common)
    Stopover.objects.create(person=town.people[2], area="430000", **common)
    key_list = load(measure).list
    registry.add_rule("chen", key_list, "420100", day, day, at_once=True)
    found = [("place", "in_force")], [("place", "candidate")], []
    assert tuple(_states(one) for one in town.people[:3]) == found
    late = town.people[3]
    night = day - timedelta(days=1)
    Trip.objects.create(person=late, measure=health, mode="train", day=night, from_code="440100", to_code="420100")
    declared.send(type(late), person=late, declaration=None)
    assert _states(late) == [("place", "in_force")]


def test_ok__whose_registration_was_under_way_during_the_load_is_found_later(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    load(measure, KeyEntry(number=id_number(1)))
    number = document_index(id_number(1))
    IdDocument.objects.bulk_create([IdDocument(person=town.people[0], number=id_number(1), number_index=number)])
    assert not compare_lists_again()
    KeyList.objects.update(loaded=timezone.now() - timedelta(hours=1))
    assert compare_lists_again()
    assert not compare_lists_again()
    assert _states(town.people[0]) == [("number", "in_force")]


def test_ok__rows_are_read_beside_a_hit_only_and_the_look_is_recorded(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    card(town.people[0], id_number(1))
    load(measure, KeyEntry(number=id_number(1), name="张三"), KeyEntry(number=id_number(2), name="李四"))
    officer, manager = town.accounts[Role.OFFICER], town.accounts[Role.MANAGER]
    assert [row.name for row in KeyRow.objects.visible_to(officer)] == ["张三"]
    for model in (KeyRow, Hit, KeyList):
        assert not model.objects.visible_to(manager).exists()  # type: ignore[attr-defined]
    row = registry.read_row(officer, Hit.objects.get(), "compare both cards")
    assert row is not None and row.number == id_number(1)
    assert Entry.objects.filter(action="read", details__why="compare both cards").exists()
    stored = KeyRow.objects.filter(pk=row.pk).values_list("joined", "number_index").get()
    assert stored == ("zhangsan", document_index(id_number(1)))
