"""PROMISE: a synthetic district has the days that its events would have made, and its pages can be measured."""

from datetime import date
from itertools import islice

import pytest
from django.utils import translation

from district.attendance.feed_handlers import handle
from district.attendance.models import Correction, Day, Passage, Payroll, Stay
from district.attendance.models.projections import INSIDE
from district.attendance.projection import Touched, project
from district.attendance.rebuild import rebuild
from district.attendance.simulation.live import live_entries
from district.attendance.simulation.run import simulated
from district.attendance.simulation.size import SimulationSize
from district.commands.measured_accounts import sessions
from district.commands.measured_pages import measure_pages, reach
from district.commands.measured_walk import walk

SIZE = SimulationSize(people=90, sites=3, gates=6, days=3, last_day=date(2026, 3, 4))


def stored() -> tuple[list[tuple[object, ...]], ...]:
    """Return all stays and days without their numbers."""
    found = []
    for model in (Stay, Day):
        names = [field.attname for field in model._meta.concrete_fields if field.attname != "id"]
        found.append(sorted(model.objects.values_list(*names), key=str))
    return tuple(found)


@pytest.fixture
def synthetic(db: None) -> None:
    simulated(SIZE, tell=lambda text: None)


@pytest.mark.usefixtures("synthetic")
def test_ok__a_rebuild_makes_the_rows_that_single_events_make() -> None:
    assert Passage.objects.count() > 4 * SIZE.people
    made = stored()
    Stay.objects.all().delete()
    Day.objects.all().delete()
    touched = Touched()
    for person, utc in Passage.objects.order_by("?").values_list("person_id", "utc"):
        touched.add(person, utc)
    project(touched)
    assert stored() == made
    rebuild()
    assert stored() == made


@pytest.mark.usefixtures("synthetic")
def test_ok__events_of_now_let_people_leave_and_come_back() -> None:
    inside = Stay.objects.filter(INSIDE).count()
    entries = live_entries()
    handle(list(islice(entries, 5)))  # type: ignore[arg-type]
    assert Stay.objects.filter(INSIDE).count() == inside - 5


@pytest.mark.usefixtures("synthetic")
def test_ok__the_pages_of_a_role_are_found_and_measured() -> None:
    assert Correction.objects.exists()
    assert Payroll.objects.count() == SIZE.sites
    with translation.override("en"):
        found = reach({"guard": sessions()["guard"]}, ["王伟"])
        kinds = {walked.kind for walked in found["guard"].addresses}
        assert {"overview:home", "overview:search q", "attendance:presence name", "attendance:muster"} <= kinds
        found["guard"].addresses[:] = found["guard"].addresses[:2]
        assert all(row["queries"] > 0 for row in measure_pages(found))


def test_ok__a_walk_finds_links_parts_filters_and_files() -> None:
    page = """<a href="/people/?sort=name&amp;after=x">n</a><a href="?format=csv">f</a><i hx-get="/charts/days"></i>
        <a href="https://elsewhere.example/">e</a><form><select name="trade"><option value="010">1</select>
        <input type="checkbox" name="incomplete"></form><form method="post"><input name="wage"></form>"""
    addresses, files = walk(lambda address: (page if address == "/" else "", True), [])
    assert files == ["/?format=csv"]
    assert {walked.address for walked in addresses} == {
        *("/", "/?trade=010", "/?incomplete=on", "/charts/days", "/people/?sort=name&after=x")
    }
    assert "people:people next page" in {walked.kind for walked in addresses}
