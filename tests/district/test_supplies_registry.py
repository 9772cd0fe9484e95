"""Supplies: what sites declare, the requests that follow, offers, commitments and draws."""

from datetime import timedelta

import pytest
from district_rig import SmallDistrict
from django.utils import timezone

from district.cases.models import Case
from district.emergency.erasing import erase_some
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import end_measure, start_measure
from district.emergency.rules import MeasureKind
from district.permissions import Role
from district.places.models import Project
from district.supplies import registry
from district.supplies.asked import missing, sites_asked
from district.supplies.latest import latest_reports, proposals, spare_of
from district.supplies.models import EmployerCount, SiteReport, SpotCheck, SupplyLine, SupplyOffer
from district.supplies.rules.commitments import STATEMENTS, CheckResult
from district.supplies.rules.counts import IsolationPlaces, PeopleCounts
from district.supplies.rules.draws import drawn
from district.supplies.rules.items import StockFigures, SupplyItem
from district.supplies.rules.offers import OfferStep
from district.supplies.rules.refusals import SuppliesRefused

MASKS = SupplyItem.MASKS


@pytest.fixture
def measure(town: SmallDistrict) -> EmergencyMeasure:
    """A measure in the first town."""
    ends = timezone.localdate() + timedelta(days=20)
    place = town.towns[0]
    return start_measure(
        "test", MeasureKind.SUPPLIES, place, purpose="Know what lacks", legal_basis="Order 3", ends=ends
    )


def _declare(
    town: SmallDistrict, number: int, *, masks: int = 100, use: int = 10, abnormal: int = 0, by: object = "test"
) -> Project:
    project = town.projects[number]
    people = {project.general_contractor_id: PeopleCounts(40, 30, 2, abnormal)}
    site = registry.SiteFigures(IsolationPlaces(2, 0), [StockFigures(MASKS, masks, use)])
    registry.declare_day(by, project, people, site)
    return project


@pytest.mark.usefixtures("measure")
def test_ok__a_correction_replaces_the_day(town: SmallDistrict) -> None:
    """Declared twice it is one day, with the second numbers."""
    _declare(town, 0)
    _declare(town, 0, masks=90)
    assert SupplyLine.objects.get().stock == 90
    assert EmployerCount.objects.get().back == SiteReport.objects.get().people == 30


@pytest.mark.usefixtures("measure")
def test_fail__a_day_that_did_not_come_yet_hides_no_stock(town: SmallDistrict, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that was ahead leaves such days behind."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=3))
    project = _declare(town, 0, masks=1)
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert spare_of(project, MASKS) == 0 and not latest_reports().exists()
    _declare(town, 0, masks=900)
    assert spare_of(project, MASKS) > 0


@pytest.mark.usefixtures("measure")
def test_ok__shortage_is_one_request_of_the_site(town: SmallDistrict) -> None:
    """Below the days of the rules it asks by itself, once, and the account that declared confirms later."""
    manager = town.accounts[Role.MANAGER]
    _declare(town, 0, masks=29, by=manager)
    _declare(town, 0, masks=20, by=manager)
    case = Case.objects.get()
    assert (case.kind, case.place, case.reporter) == ("shortfall", town.projects[0].place, manager)
    assert "41" in case.text  # 7 days at 10 a day, and 29 are there


@pytest.mark.usefixtures("measure")
def test_ok__people_who_are_not_well_open_a_case_about_health(town: SmallDistrict) -> None:
    """Its kind hides it from guards."""
    _declare(town, 0, abnormal=1)
    assert Case.objects.get().kind == "declaration"
    assert not Case.objects.visible_to(town.accounts[Role.GUARD]).exists()


def test_fail__no_measure_holds_there(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """The other town is not asked, and after its end nobody is."""
    with pytest.raises(SuppliesRefused, match="No measure"):
        _declare(town, 2)
    end_measure("test", measure)
    with pytest.raises(SuppliesRefused, match="No measure"):
        _declare(town, 0)


@pytest.mark.usefixtures("measure")
def test_fail__somebody_declared_meanwhile(town: SmallDistrict) -> None:
    """Who looked at an older day does not write over the newer one."""
    project = town.projects[0]
    seen = registry.version_of(project, timezone.localdate())
    _declare(town, 0)
    with pytest.raises(SuppliesRefused, match="meanwhile"):
        registry.declare_day("late", project, {}, None, seen=seen)


@pytest.mark.usefixtures("measure")
def test_fail__employer_that_does_not_work_there(town: SmallDistrict) -> None:
    """People are declared for employers of the site."""
    stranger = town.enterprises[2]
    with pytest.raises(SuppliesRefused, match="does not work"):
        registry.declare_day("test", town.projects[0], {stranger.pk: PeopleCounts(1, 1)})


@pytest.mark.usefixtures("measure")
def test_ok__missing_sites_are_those_that_left_something_out(town: SmallDistrict) -> None:
    """Without stocks, or without an employer, a site is still missing."""
    officer, today = town.accounts[Role.OFFICER], timezone.localdate()
    assert set(missing(officer, today)) == set(town.projects[:2]) == set(sites_asked(officer))
    _declare(town, 0)
    project = town.projects[1]
    registry.declare_day("test", project, {project.general_contractor_id: PeopleCounts(5, 5)})
    assert list(missing(officer, today)) == [project]


@pytest.mark.usefixtures("measure")
def test_ok__surplus_goes_to_a_shortage_and_is_confirmed(town: SmallDistrict) -> None:
    """The proposal becomes a task of the giver, then of the taker; promised stock is proposed once."""
    officer = town.accounts[Role.OFFICER]
    giver, taker = town.accounts[Role.MANAGER], town.account(Role.MANAGER, place=town.projects[1].place)
    _declare(town, 0, masks=200)
    _declare(town, 1, masks=10, by=taker)
    [(item, one)] = proposals(officer)
    assert (item, one.giver, one.taker, one.amount) == (MASKS, town.projects[0].pk, town.projects[1].pk, 60)
    made = registry.offer_surplus(officer, town.projects[0], town.projects[1], MASKS, 60)
    assert proposals(officer) == []
    assert made.case == Case.objects.get(kind="shortfall")
    with pytest.raises(SuppliesRefused, match="other side"):
        registry.take_step(taker, made, OfferStep.AGREE)
    for by, step in ((giver, OfferStep.AGREE), (giver, OfferStep.SEND), (taker, OfferStep.RECEIVE)):
        registry.take_step(by, made, step, received=55 if step is OfferStep.RECEIVE else None)
    made.refresh_from_db()
    assert (made.state, made.received) == ("received", 55)
    assert spare_of(town.projects[0], MASKS) == 0  # its report still counts what it gave
    assert [one.amount for _item, one in proposals(officer)] == []
    _declare(town, 0, masks=200)  # counted again after that: it has so many left
    assert spare_of(town.projects[0], MASKS) == 60
    assert [one.amount for _item, one in proposals(officer)] == [5]  # 5 of 60 did not arrive
    with pytest.raises(SuppliesRefused, match="moved on"):
        registry.take_step(taker, made, OfferStep.RECEIVE)


@pytest.mark.usefixtures("measure")
def test_fail__nobody_gives_more_than_is_spare(town: SmallDistrict) -> None:
    """Open offers count: 50 are spare, 30 are promised, so 21 are too many."""
    officer = town.accounts[Role.OFFICER]
    _declare(town, 0, masks=190)
    _declare(town, 1, masks=10)
    registry.offer_surplus(officer, town.projects[0], town.projects[1], MASKS, 30)
    for amount in (21, 0):
        with pytest.raises(SuppliesRefused, match="can give 20"):
            registry.offer_surplus(officer, town.projects[0], town.projects[1], MASKS, amount)


def _commit(town: SmallDistrict, number: int) -> None:
    registry.commit("test", town.projects[number], STATEMENTS, starts=timezone.localdate(), people=40)


@pytest.mark.usefixtures("measure")
def test_ok__commitment_starts_at_once_and_a_failed_check_becomes_a_case(town: SmallDistrict) -> None:
    """The site counts as resumed; what a check finds is a case that the officer confirms; a stop ends it."""
    officer, project = town.accounts[Role.OFFICER], town.projects[0]
    _commit(town, 0)
    project.refresh_from_db()
    assert project.resumed == timezone.localdate()
    draw = registry.draw_checks(officer, town.towns[0], 5)
    check = SpotCheck.objects.get()
    assert [check.commitment_id] == drawn(draw.seed, draw.numbers, 5)
    registry.note_check(officer, check, CheckResult.FAILED, "No masks on the third floor")
    assert Case.objects.get().reporter == officer
    with pytest.raises(SuppliesRefused, match="done already"):
        registry.note_check(officer, check, CheckResult.PASSED, "looked away")
    registry.stop(officer, check.commitment, "not put right")
    project.refresh_from_db()
    assert project.resumed is None


@pytest.mark.usefixtures("measure")
def test_fail__commitment_that_leaves_out_a_sentence_or_comes_twice(town: SmallDistrict) -> None:
    """All or nothing, and once."""
    with pytest.raises(SuppliesRefused, match="Tick each"):
        registry.commit("test", town.projects[0], list(STATEMENTS)[1:], starts=timezone.localdate(), people=40)
    _commit(town, 0)
    with pytest.raises(SuppliesRefused, match="already"):
        _commit(town, 0)


@pytest.mark.usefixtures("measure")
def test_fail__nobody_draws_until_the_result_suits(town: SmallDistrict) -> None:
    """The first draw of a day stands."""
    _commit(town, 0)
    registry.draw_checks("test", town.towns[0], 1)
    with pytest.raises(SuppliesRefused, match="stands"):
        registry.draw_checks("test", town.towns[0], 1)


def test_ok__nothing_is_left_when_the_measure_is_over(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """Rows, requests, offers, commitments and draws go; the rules hold no personal data and stay."""
    _declare(town, 0, masks=200)
    _declare(town, 1, masks=10, abnormal=1)
    registry.offer_surplus("test", town.projects[0], town.projects[1], MASKS, 5)
    _commit(town, 0)
    registry.draw_checks("test", town.towns[0], 1)
    end_measure("test", measure)
    while erase_some():
        pass
    left = [model.objects.count() for model in (EmployerCount, SiteReport, SupplyLine, SupplyOffer, SpotCheck, Case)]
    assert left == [0] * 6
