"""PROMISE: gates hold whom a hit means at exactly the sites concerned. Each stop has an officer and an end."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from district_hq import SITES, TestedHq, hq_in
from district_rig import SmallDistrict
from django.db import connection
from django.utils import timezone
from id_numbers import id_number
from screening_rig import ABOUT, TODAY, card, handed_over, load, named, screening

from district.audit.models import Entry
from district.cases.models import Case
from district.emergency.erasing import erase_some
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import end_measure
from district.exchange import outbox
from district.exchange.models import OutboxRow
from district.people.models import Assignment
from district.people.registry.merging import merge
from district.screening import registry
from district.screening.models import Hit, KeyList, KeyRow, ListFeed, ListFile
from district.screening.risk_source import risks_of
from district.screening.rules import HitState, KeyEntry, ScreeningRefused
from district.screening.worker_rounds import end_some
from district.wire import HqRiskEntry


@pytest.fixture
def measure(town: SmallDistrict) -> EmergencyMeasure:
    return screening(town)


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


def test_ok__a_confirmed_hit_is_at_hq_and_a_lifted_one_is_not(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    named(town.people[0], "zhangsan", date(1980, 1, 1))
    load(measure, KeyEntry(name="张三", birth=date(1980, 1, 1)))
    until = timezone.now() + timedelta(days=2)
    hit = registry.confirm_hit("li", Hit.objects.get(), "same card", until)
    (held,) = handed_over(hq)
    assert (held.reason_code, held.officer, held.valid_until_utc) == (
        "14-a",
        ABOUT.officer,
        hit.until.replace(microsecond=0),
    )
    with pytest.raises(ScreeningRefused, match="meanwhile"):
        registry.confirm_hit("wang", hit, "same card")
    registry.lift_hit("li", hit, "tested negative twice")
    assert not handed_over(hq)
    assert handed_over(hq, history=True)[0].lifted_why == "li: tested negative twice"
    said = list(Entry.objects.filter(action__contains="hit").order_by("pk").values_list("actor", "action"))
    assert said == [("screening", "find hits"), ("li", "confirm hit"), ("li", "lift hit")]
    assert "negative" not in str(list(Entry.objects.values_list("details", flat=True)))


def test_ok__of_two_hits_the_other_holds_when_one_is_lifted(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    card(town.people[0], id_number(1))
    for _ in range(2):
        load(measure, KeyEntry(number=id_number(1)))
    first, second = Hit.objects.order_by("pk")
    registry.lift_hit("li", first, "wrong list")
    assert handed_over(hq)
    registry.withdraw_list("li", second.list, "the province took it back")
    assert not handed_over(hq)
    with pytest.raises(ScreeningRefused, match="over"):
        registry.confirm_hit("li", second, "after all")


def test_ok__hits_move_with_a_merged_person_and_go_with_an_erased_one(
    town: SmallDistrict, measure: EmergencyMeasure
) -> None:
    card(town.people[1], id_number(1))
    load(measure, KeyEntry(number=id_number(1)))
    merge("test", town.people[0], town.people[1], "one person")
    (entry,) = risks_of(["w-1", "w-2"])
    assert isinstance(entry, HqRiskEntry) and entry.worker_id == "w-1"
    queued = OutboxRow.objects.filter(kind="risk").values_list("subject", flat=True)
    assert {"w-1", "w-2"} <= set(queued)


def test_ok__a_measure_that_ended_leaves_nothing_here_and_nobody_held(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    card(town.people[0], id_number(1))
    key_list = load(measure, KeyEntry(name="欧阳修", number=id_number(1), note="contact of a case")).list
    registry.add_rule("chen", key_list, "420100", TODAY, TODAY)
    registry.keep_file(registry.begin_list("chen", measure, ABOUT), "list.csv", b"number\n1\n")
    desk = {"reason_code": "14-a", "officer": "Officer Chen"}
    registry.make_feed("chen", measure, name="Province", source="Province", legal_basis="Article 56", **desk)
    assert handed_over(hq)
    end_measure("test", measure)
    while erase_some():
        pass
    assert not any(model.objects.exists() for model in (KeyRow, Hit, KeyList, ListFile, ListFeed, Case))
    assert not handed_over(hq)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM screening_listrule")
        assert cursor.fetchone() == (0,)


def test_ok__a_hit_holds_at_exactly_the_sites_of_its_measure(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    person = town.people[0]
    for number in (1, 2):  # a second site in the measure's town, and one in another
        enterprise = town.enterprises[0]
        Assignment.objects.create(person=person, project=town.projects[number], enterprise=enterprise, starts=TODAY)
    outbox.put(OutboxRow.Kind.WORKER, "w-1")
    card(person, id_number(1))
    load(measure, KeyEntry(number=id_number(1)))
    (held,) = handed_over(hq)
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
    card(person, id_number(1))
    load(measure, KeyEntry(number=id_number(1)))
    assert handed_over(hq)[0].only_sites == ("site-1",)
    Assignment.objects.create(person=person, project=town.projects[1], enterprise=enterprise, starts=TODAY)
    assert handed_over(hq)[0].only_sites == ("site-1", "site-2")
    for work in Assignment.objects.filter(person=person):
        work.starts, work.ends = TODAY - timedelta(days=9), TODAY - timedelta(days=1)
        work.save()
    Assignment.objects.create(person=person, project=town.projects[2], enterprise=enterprise, starts=TODAY)
    assert not handed_over(hq)
    assert Hit.objects.get().state == HitState.IN_FORCE
    back = Assignment.objects.create(person=person, project=town.projects[0], enterprise=enterprise, starts=TODAY)
    assert back.pk and handed_over(hq)[0].only_sites == ("site-1",)


def test_ok__of_two_measures_each_ends_at_its_own_sites(
    town: SmallDistrict, measure: EmergencyMeasure, hq: TestedHq
) -> None:
    other = screening(town, 1)
    person = town.people[0]
    Assignment.objects.create(person=person, project=town.projects[2], enterprise=town.enterprises[0], starts=TODAY)
    card(person, id_number(1))
    for one in (measure, other):
        load(one, KeyEntry(number=id_number(1)))
    assert handed_over(hq)[0].only_sites == ("site-1", "site-3")
    Hit.objects.filter(measure=other).update(until=timezone.now() - timedelta(seconds=1))
    assert not end_some()
    (held,) = handed_over(hq)
    assert held.only_sites == ("site-1",)
    assert not end_some() and Hit.objects.filter(state=HitState.OVER).count() == 1
