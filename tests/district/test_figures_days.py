"""Day tables: what is counted, what a past day keeps, and that a measure's figures go with it."""

from datetime import date, timedelta

import pytest
from district_rig import SmallDistrict
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from district.attendance.models import Day
from district.cases.models import Case
from district.cases.registry import open_case
from district.cases.rules import CaseKind
from district.declarations.models import HealthDeclaration, Trip
from district.emergency.erasing import erase_some
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import end_measure, start_measure
from district.emergency.rules import MeasureKind
from district.figures.models import DayFigure, MeasureFigure
from district.figures.picture import PlaceFigures, days_of, picture_of
from district.figures.registry import fill_day, fill_some
from district.figures.rules import (
    LATE_DAYS,
    SHOWN_DAYS,
    FigureName,
    age_band,
    days_to_fill,
    share,
    slider_at,
    slider_day,
)
from district.people.models import Assignment
from district.permissions import Role
from district.places.models import Gate
from district.supplies.models import EmployerCount, SiteReport, SupplyLine

_N = FigureName
TODAY = date(2026, 2, 17)


def _worked(town: SmallDistrict, number: int, day: date) -> None:
    work = Assignment.objects.get(person=town.people[number])
    Day.objects.create(project=work.project, person=work.person, enterprise=work.enterprise, date=day)


def _measure(town: SmallDistrict, kind: MeasureKind) -> EmergencyMeasure:
    ends = timezone.localdate() + timedelta(days=10)
    return start_measure("test", kind, town.towns[0], purpose="Find cases", legal_basis="Law, article 1", ends=ends)


def _of(town: SmallDistrict, role: Role = Role.OFFICER, place: int | None = None) -> PlaceFigures:
    where = town.root if place is None else town.towns[place]
    return picture_of(town.accounts[role], where, timezone.localdate()).whole


def test_ok__sums_of_each_level(town: SmallDistrict) -> None:
    """Two sites resumed by their word; passages show people of one. Towns sum to the district."""
    today = timezone.localdate()
    for project in town.projects[:2]:
        project.resumed = today
        project.save()
    town.projects[3].closed = today
    town.projects[3].save()
    _worked(town, 0, today)
    _worked(town, 1, today)
    fill_day(today)
    found = picture_of(town.accounts[Role.OFFICER], town.root, today)
    whole = found.whole
    assert [whole[name] for name in ("sites", "sites_resumed", "sites_measured")] == [3, 2, 1]
    assert [whole[name] for name in ("enterprises", "enterprises_resumed", "enterprises_measured")] == [3, 2, 1]
    assert (whole[_N.REGISTERED], whole[_N.PRESENT], whole.resumed_share) == (6, 2, "66.66%")
    assert [one.place for one in found.below] == town.towns
    assert sum(one[_N.REGISTERED] for one in found.below) == whole[_N.REGISTERED]
    assert list(days_of(town.accounts[Role.OFFICER], town.root, _N.PRESENT, today).values())[-2:] == [0, 2]


def test_ok__counting_twice_changes_nothing(town: SmallDistrict) -> None:
    today = timezone.localdate()
    fill_day(today)
    before = list(DayFigure.objects.order_by("name", "place", "part").values_list("name", "place", "part", "value"))
    fill_day(today)
    after = list(DayFigure.objects.order_by("name", "place", "part").values_list("name", "place", "part", "value"))
    assert before == after


def test_ok__past_day_is_counted_late_and_keeps_its_gates(town: SmallDistrict) -> None:
    """A passage that arrives late counts for its day; how gates stood that day stays."""
    today, yesterday = timezone.localdate(), timezone.localdate() - timedelta(days=1)
    place = town.projects[0].place
    Gate.objects.create(project=town.projects[0], gate_id="gate-1", last_heard=timezone.now())
    DayFigure.objects.create(place=place, day=yesterday, name=_N.GATES_SILENT.value, value=7)
    while fill_some():
        pass
    _worked(town, 0, yesterday)
    fill_day(yesterday)
    fill_day(today)
    officer = town.accounts[Role.OFFICER]
    found = picture_of(officer, town.root, yesterday).whole
    assert (found[_N.PRESENT], found[_N.GATES_SILENT]) == (1, 7)
    assert (_of(town)[_N.GATES], _of(town)[_N.GATES_SILENT]) == (1, 0)
    assert DayFigure.objects.values("day").distinct().count() == SHOWN_DAYS


def test_ok__declarations_missing_and_their_end(town: SmallDistrict) -> None:
    """Who declared twice counts once; when the measure ends its figures close at once, and then go."""
    measure = _measure(town, MeasureKind.DECLARATIONS)
    for number, abnormal in ((0, ""), (0, "fever"), (1, "")):
        work = Assignment.objects.get(person=town.people[number])
        common = {"measure": measure, "person": work.person, "project": work.project}
        HealthDeclaration.objects.create(**common, abnormal=abnormal)
        Trip.objects.update_or_create(
            **common, mode="train", number="G1", day=timezone.localdate(), defaults={"from_code": "420100"}
        )
    fill_day(timezone.localdate())
    found = _of(town)
    assert [found[name] for name in ("to_declare", "declared", "abnormal")] == [4, 2, 1]
    assert (found.missing, found.part(_N.ARRIVED)) == (2, {"42": 2})
    assert not _of(town, place=1).has_declarations
    end_measure("test", measure)
    assert not _of(town).has_declarations
    while erase_some():
        pass
    assert not MeasureFigure.objects.exists()
    fill_day(timezone.localdate())
    assert not MeasureFigure.objects.exists()


def test_ok__supplies_are_summed_and_short_sites_counted(town: SmallDistrict) -> None:
    """One of two sites filed. A stock of one day is short on that site, and another town sees none of it."""
    measure, project = _measure(town, MeasureKind.SUPPLIES), town.projects[0]
    common = {"measure": measure, "project": project, "by": "test"}
    EmployerCount.objects.create(**common, enterprise=project.general_contractor, expected=9, back=4, abnormal=1)
    filed = SiteReport.objects.create(**common, people=4, isolation_places=2)
    SupplyLine.objects.create(report=filed, item="masks", stock=10, daily_use=8)
    fill_day(timezone.localdate())
    found = _of(town)
    assert [found[name] for name in ("sites_to_file", "sites_filed", "expected", "back", "not_well")] == [2, 1, 9, 4, 1]
    assert (found.not_filed, found[_N.ISOLATION]) == (1, 2)
    assert [found.part(name)["masks"] for name in (_N.STOCK, _N.DAILY_USE, _N.SHORT)] == [10, 8, 1]
    assert not _of(town, place=1).has_supplies


def test_ok__cases_by_age_and_who_sees_those_about_health(town: SmallDistrict) -> None:
    """A guard may see no health: the other cases alone are counted for it."""
    place = town.projects[0].place
    open_case(CaseKind.WHISTLE, place, title="mud on the road", key="a")
    open_case(CaseKind.TEMPERATURE, place, title="38.1", key="b")
    old = timezone.now() - timedelta(days=4)
    Case.objects.filter(key="a").update(made=old, answer_due=old, solution_due=old)
    fill_day(timezone.localdate())
    found = _of(town)
    assert (dict(found.cases_open), found.overdue) == ({"3": 1, "0": 1}, 1)
    assert dict(_of(town, Role.GUARD).cases_open) == {"3": 1}
    assert not _of(town, Role.CLERK).parts
    Case.objects.filter(key="a").update(closed=timezone.now(), state="closed", owner=town.accounts[Role.OFFICER])
    fill_day(timezone.localdate())
    assert (_of(town).open_count, _of(town)[_N.CASES_CLOSED]) == (1, 1)


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(7632, 10_000, "76.32%"), (99_999, 100_000, "99.99%"), (1, 0, "–")]
)
def test_ok__share_is_cut_and_never_rounded_to_all(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


@given(st.integers(0, SHOWN_DAYS - 1))
def test_ok__slider_and_day_agree(at: int) -> None:
    day = slider_day(str(at), TODAY)
    assert day is not None
    assert slider_at(day, TODAY) == at


@pytest.mark.parametrize("at", ["", "-1", "７", "1e3", "99999", "1.5"])
def test_fail__slider_takes_no_other_text(at: str) -> None:
    assert slider_day(at, TODAY) is None


@given(st.dictionaries(st.integers(1, 40), st.integers(0, 3)))
def test_ok__days_to_fill_are_missing_or_late(counted: dict[int, int]) -> None:
    """Each waits only while it is missing, or recent and not counted today: so the round comes to an end."""
    filled = {TODAY - timedelta(days=back): TODAY - timedelta(days=ago) for back, ago in counted.items()}
    waiting = days_to_fill(filled, TODAY)
    for back in range(1, SHOWN_DAYS):
        missing, late = back not in counted, back <= LATE_DAYS and counted.get(back, 0) > 0
        assert (TODAY - timedelta(days=back) in waiting) == (missing or late)
    assert days_to_fill({**filled, **dict.fromkeys(waiting, TODAY)}, TODAY) == []


def test_ok__ages_begin_at_whole_days() -> None:
    ages = [timedelta(hours=23), timedelta(days=1), timedelta(days=3), timedelta(days=7), timedelta(days=900)]
    assert [age_band(age) for age in ages] == ["0", "1", "3", "7", "7"]
