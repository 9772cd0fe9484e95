"""PROMISE: lists find exactly whom they mean. Likeness alone stops nobody. Each stop has an officer and an end."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from district_hq import SITES, TestedHq, hq_in
from district_rig import SmallDistrict
from django.db import connection
from django.utils import timezone
from id_numbers import id_number

from district.audit.models import Entry
from district.cases.models import Case
from district.declarations.models import Stopover, Trip
from district.declarations.signals import declared
from district.emergency.erasing import erase_some
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import end_measure, start_measure
from district.emergency.rules import MeasureKind
from district.exchange import hand_over, outbox
from district.exchange.models import OutboxRow
from district.people.models import Assignment, IdDocument, Person
from district.people.registry.merging import merge
from district.people.registry.persons import document_index, phone_index
from district.permissions import Role
from district.screening import registry
from district.screening.models import Hit, KeyList, KeyRow, ListFeed, ListFile
from district.screening.risk_source import risks_of
from district.screening.rules import HitState, KeyEntry, ScreeningRefused
from district.screening.worker_rounds import compare_lists_again, end_some
from district.wire import HqRiskEntry
from hq.registry.risk_record import StoredRisk

TODAY = timezone.localdate()
WHY = {"purpose": "Find contacts early", "legal_basis": "Emergency response law, article 56"}
ABOUT = registry.AboutKeyList(
    name="Province, 17 February",
    source="Province's command",
    legal_basis="Article 56",
    ends=TODAY + timedelta(days=14),
    reason_code="14-a",
    officer="Officer Chen, 8100",
)


@pytest.fixture
def measure(town: SmallDistrict) -> EmergencyMeasure:
    ends = TODAY + timedelta(days=20)
    return start_measure("test", MeasureKind.SCREENING, town.towns[0], ends=ends, **WHY)


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


def _card(person: Person, number: str, kind: str = "01") -> None:
    IdDocument.objects.create(person=person, kind=kind, number=number, number_index=document_index(number))


def _load(measure: EmergencyMeasure, *entries: KeyEntry) -> registry.LoadedKeyList:
    return registry.load_list("chen", measure, ABOUT, entries)


def _states(person: Person) -> list[tuple[str, str]]:
    return list(Hit.objects.filter(person=person).order_by("pk").values_list("basis", "state"))


def _to_hq(hq: TestedHq, worker_id: str = "w-1", history: bool = False) -> list[StoredRisk]:
    while hand_over.hand_over():
        pass
    return hq.people.risk_lists.find(worker_id, history=history)


def test_ok__a_number_is_found_only_in_the_place_of_the_measure(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    near, far = town.people[0], town.people[7]
    _card(near, id_number(1))
    _card(far, id_number(2))
    done = _load(measure, KeyEntry(number=id_number(1)), KeyEntry(number=id_number(2)), KeyEntry(name="nobody"))
    assert (done.rows, done.hits, list(done.refused)) == (2, 1, [3])
    assert _states(near) == [("number", "in_force")]
    hit = Hit.objects.get()
    assert (hit.decided_by, hit.until.date() <= ABOUT.ends + timedelta(days=1)) == ("chen", True)


def test_ok__who_is_assigned_or_gets_a_document_later_is_compared_too(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    person, project = town.people[7], town.projects[0]
    _load(measure, KeyEntry(number=id_number(1)))
    _card(person, id_number(1))
    assert not _states(person)
    enterprise = town.enterprises[0]
    Assignment.objects.create(person=person, project=project, enterprise=enterprise, starts=TODAY)
    assert _states(person) == [("number", "in_force")]
    assert list(OutboxRow.objects.filter(kind="risk").values_list("subject", flat=True)) == ["w-8"]


def test_ok__a_phone_stops_somebody_only_with_the_name(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    for person, phone in zip(town.people, ("+8613800138000", "+8613800138001"), strict=False):
        person.phone, person.phone_index, person.joined = phone, phone_index(phone), "zhangsan"
        person.save()
    _load(measure, KeyEntry(name="张三", phone="13800138000"), KeyEntry(name="李四", phone="13800138001"))
    assert _states(town.people[0]) == [("phone", "in_force")]
    assert _states(town.people[1]) == [("phone", "candidate")]


def test_ok__a_document_of_unknown_kind_waits_for_a_person(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    _card(town.people[0], "E1234567", kind="08")
    _card(town.people[1], "12345678", kind="12")
    _load(measure, KeyEntry(number="E1234567"), KeyEntry(number="12345678", kind="08"))
    assert _states(town.people[0]) == [("number", "candidate")]
    assert not _states(town.people[1])


def _named(person: Person, joined: str, birth: date | None, province: str = "") -> None:
    person.joined, person.initials, person.birth, person.province = joined, "zs", birth, province
    person.save()


def test_ok__a_name_with_birth_or_province_waits_for_a_person(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    _named(town.people[0], "zhangshan", date(1980, 1, 1))
    _named(town.people[1], "zhangsan", None, "42")
    _named(town.people[2], "zhangsan", date(1981, 1, 1), "42")
    _load(measure, KeyEntry(name="张三", birth=date(1980, 1, 1), area="420100"))
    assert [_states(one) for one in town.people[:3]] == [[("name", "candidate")]] * 2 + [[]]
    assert not _to_hq(hq) and not _to_hq(hq, "w-2")


def test_ok__another_resident_number_is_another_person(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    _named(town.people[0], "zhangsan", date(1990, 1, 1))
    _named(town.people[1], "zhangsan", date(1990, 1, 1))
    _card(town.people[0], id_number(5))
    _load(measure, KeyEntry(name="张三", number=id_number(1)))
    assert not _states(town.people[0])
    assert _states(town.people[1]) == [("name", "candidate")]


def test_ok__a_candidate_that_a_document_proves_is_in_force(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    _named(town.people[0], "zhangsan", date(1990, 1, 1))
    _load(measure, KeyEntry(name="张三", number=id_number(1)))
    assert _states(town.people[0]) == [("name", "candidate")]
    _card(town.people[0], id_number(1))
    assert _states(town.people[0]) == [("number", "in_force")]


def test_ok__who_was_dismissed_is_no_candidate_of_tomorrows_list(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    _named(town.people[0], "zhangsan", date(1980, 1, 1))
    entry = KeyEntry(name="张三", birth=date(1980, 1, 1))
    _load(measure, entry)
    registry.dismiss_hit("li", Hit.objects.get(), "his brother's card shown")
    assert _load(measure, entry).hits == 0
    assert _load(measure, replace(entry, phone="13800138000")).hits == 1


def test_ok__a_confirmed_hit_is_at_hq_and_a_lifted_one_is_not(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    _named(town.people[0], "zhangsan", date(1980, 1, 1))
    _load(measure, KeyEntry(name="张三", birth=date(1980, 1, 1)))
    until = timezone.now() + timedelta(days=2)
    hit = registry.confirm_hit("li", Hit.objects.get(), "same card", until)
    (held,) = _to_hq(hq)
    assert (held.reason_code, held.officer, held.valid_until_utc) == (
        "14-a",
        ABOUT.officer,
        hit.until.replace(microsecond=0),
    )
    with pytest.raises(ScreeningRefused, match="meanwhile"):
        registry.confirm_hit("wang", hit, "same card")
    registry.lift_hit("li", hit, "tested negative twice")
    assert not _to_hq(hq)
    assert _to_hq(hq, history=True)[0].lifted_why == "li: tested negative twice"
    said = list(Entry.objects.filter(action__contains="hit").order_by("pk").values_list("actor", "action"))
    assert said == [("screening", "find hits"), ("li", "confirm hit"), ("li", "lift hit")]
    assert "negative" not in str(list(Entry.objects.values_list("details", flat=True)))


def test_ok__of_two_hits_the_other_holds_when_one_is_lifted(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    _card(town.people[0], id_number(1))
    for _ in range(2):
        _load(measure, KeyEntry(number=id_number(1)))
    first, second = Hit.objects.order_by("pk")
    registry.lift_hit("li", first, "wrong list")
    assert _to_hq(hq)
    registry.withdraw_list("li", second.list, "the province took it back")
    assert not _to_hq(hq)
    with pytest.raises(ScreeningRefused, match="over"):
        registry.confirm_hit("li", second, "after all")


def test_fail__a_decision_without_a_reason(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    _card(town.people[0], id_number(1))
    _load(measure, KeyEntry(number=id_number(1)))
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
        _load(measure, *[KeyEntry()] * 1_002)
    assert not KeyList.objects.in_force().exists()
    end_measure("test", measure)
    with pytest.raises(ScreeningRefused, match="start one"):
        _load(measure)


def _health(town: SmallDistrict) -> EmergencyMeasure:
    ends = TODAY + timedelta(days=5)
    return start_measure("test", MeasureKind.DECLARATIONS, town.root, ends=ends, **WHY)


def test_ok__a_rule_finds_earlier_and_later_declarations(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    health, day = _health(town), TODAY - timedelta(days=5)
    common = {"measure": health, "from_day": day, "until_day": day}
    Stopover.objects.create(person=town.people[0], area="420106", **common)
    Stopover.objects.create(person=town.people[1], area="420000", **common)
    Stopover.objects.create(person=town.people[2], area="430000", **common)
    key_list = _load(measure).list
    registry.add_rule("chen", key_list, "420100", day, day, at_once=True)
    found = [("place", "in_force")], [("place", "candidate")], []
    assert tuple(_states(one) for one in town.people[:3]) == found
    late = town.people[3]
    night = day - timedelta(days=1)
    Trip.objects.create(person=late, measure=health, mode="train", day=night, from_code="440100", to_code="420100")
    declared.send(type(late), person=late, declaration=None)
    assert _states(late) == [("place", "in_force")]


def test_ok__hits_move_with_a_merged_person_and_go_with_an_erased_one(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    _card(town.people[1], id_number(1))
    _load(measure, KeyEntry(number=id_number(1)))
    merge("test", town.people[0], town.people[1], "one person")
    (entry,) = risks_of(["w-1", "w-2"])
    assert isinstance(entry, HqRiskEntry) and entry.worker_id == "w-1"
    queued = OutboxRow.objects.filter(kind="risk").values_list("subject", flat=True)
    assert {"w-1", "w-2"} <= set(queued)


def test_ok__whose_registration_was_under_way_during_the_load_is_found_later(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    _load(measure, KeyEntry(number=id_number(1)))
    number = document_index(id_number(1))
    IdDocument.objects.bulk_create([IdDocument(person=town.people[0], number=id_number(1), number_index=number)])
    assert not compare_lists_again()
    KeyList.objects.update(loaded=timezone.now() - timedelta(hours=1))
    assert compare_lists_again()
    assert not compare_lists_again()
    assert _states(town.people[0]) == [("number", "in_force")]


def test_ok__a_measure_that_ended_leaves_nothing_here_and_nobody_held(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    _card(town.people[0], id_number(1))
    key_list = _load(measure, KeyEntry(name="欧阳修", number=id_number(1), note="contact of a case")).list
    registry.add_rule("chen", key_list, "420100", TODAY, TODAY)
    registry.keep_file(registry.begin_list("chen", measure, ABOUT), "list.csv", b"number\n1\n")
    desk = {"reason_code": "14-a", "officer": "Officer Chen"}
    registry.make_feed("chen", measure, name="Province", source="Province", legal_basis="Article 56", **desk)
    assert _to_hq(hq)
    end_measure("test", measure)
    while erase_some():
        pass
    assert not any(model.objects.exists() for model in (KeyRow, Hit, KeyList, ListFile, ListFeed, Case))
    assert not _to_hq(hq)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM screening_listrule")
        assert cursor.fetchone() == (0,)


def test_ok__rows_are_read_beside_a_hit_only_and_the_look_is_recorded(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    _card(town.people[0], id_number(1))
    _load(measure, KeyEntry(number=id_number(1), name="张三"), KeyEntry(number=id_number(2), name="李四"))
    officer, manager = town.accounts[Role.OFFICER], town.accounts[Role.MANAGER]
    assert [row.name for row in KeyRow.objects.visible_to(officer)] == ["张三"]
    for model in (KeyRow, Hit, KeyList):
        assert not model.objects.visible_to(manager).exists()  # type: ignore[attr-defined]
    row = registry.read_row(officer, Hit.objects.get(), "compare both cards")
    assert row is not None and row.number == id_number(1)
    assert Entry.objects.filter(action="read", details__why="compare both cards").exists()
    stored = KeyRow.objects.filter(pk=row.pk).values_list("joined", "number_index").get()
    assert stored == ("zhangsan", document_index(id_number(1)))


def test_ok__a_hit_holds_at_exactly_the_sites_of_its_measure(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    person = town.people[0]
    for number in (1, 2):  # a second site in the measure's town, and one in another
        enterprise = town.enterprises[0]
        Assignment.objects.create(person=person, project=town.projects[number], enterprise=enterprise, starts=TODAY)
    outbox.put(OutboxRow.Kind.WORKER, "w-1")
    _card(person, id_number(1))
    _load(measure, KeyEntry(number=id_number(1)))
    (held,) = _to_hq(hq)
    assert held.only_sites == ("site-1", "site-2")
    with hq.store.read() as db:
        at = {
            site: [one.worker_id for page in hq.people.risk_lists.of_site(db, site) for one in page] for site in SITES
        }
        some = [hq.people.risk_lists.some(db, site, ["w-1"]) for site in ("site-2", "site-3")]
    assert at == {"site-1": ["w-1"], "site-2": ["w-1"], "site-3": [], "site-4": []}
    assert [len(one) for one in some] == [1, 0]


def test_ok__who_moves_is_held_at_the_new_site_and_nowhere_outside_the_measure(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    person, enterprise = town.people[0], town.enterprises[0]
    _card(person, id_number(1))
    _load(measure, KeyEntry(number=id_number(1)))
    assert _to_hq(hq)[0].only_sites == ("site-1",)
    Assignment.objects.create(person=person, project=town.projects[1], enterprise=enterprise, starts=TODAY)
    assert _to_hq(hq)[0].only_sites == ("site-1", "site-2")
    for work in Assignment.objects.filter(person=person):
        work.starts, work.ends = TODAY - timedelta(days=9), TODAY - timedelta(days=1)
        work.save()
    Assignment.objects.create(person=person, project=town.projects[2], enterprise=enterprise, starts=TODAY)
    assert not _to_hq(hq)
    assert Hit.objects.get().state == HitState.IN_FORCE
    back = Assignment.objects.create(person=person, project=town.projects[0], enterprise=enterprise, starts=TODAY)
    assert back.pk and _to_hq(hq)[0].only_sites == ("site-1",)


def test_ok__of_two_measures_each_ends_at_its_own_sites(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    ends = TODAY + timedelta(days=20)
    other = start_measure("test", MeasureKind.SCREENING, town.towns[1], ends=ends, **WHY)
    person = town.people[0]
    Assignment.objects.create(person=person, project=town.projects[2], enterprise=town.enterprises[0], starts=TODAY)
    _card(person, id_number(1))
    for one in (measure, other):
        _load(one, KeyEntry(number=id_number(1)))
    assert _to_hq(hq)[0].only_sites == ("site-1", "site-3")
    Hit.objects.filter(measure=other).update(until=timezone.now() - timedelta(seconds=1))
    assert not end_some()
    (held,) = _to_hq(hq)
    assert held.only_sites == ("site-1",)
    assert not end_some() and Hit.objects.filter(state=HitState.OVER).count() == 1
