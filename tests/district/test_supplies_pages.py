"""The pages of supplies: a manager declares, an officer asks, a neighbour sees nothing."""

from datetime import timedelta
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.test import Client
from django.utils import timezone
from two_parts import client_of

from district.emergency.models import EmergencyMeasure
from district.emergency.registry import end_measure, start_measure
from district.emergency.rules import MeasureKind
from district.permissions import Role
from district.places.models import Project, Subcontract
from district.supplies import registry
from district.supplies.models import EmployerCount, SpotCheck, StartCommitment, SupplyLine, SupplyOffer, SupplyPolicy
from district.supplies.rules.commitments import STATEMENTS
from district.supplies.rules.items import SupplyItem


@pytest.fixture(autouse=True)
def measure(town: SmallDistrict) -> EmergencyMeasure:
    """A measure in the first town."""
    ends = timezone.localdate() + timedelta(days=20)
    place = town.towns[0]
    return start_measure(
        "test", MeasureKind.SUPPLIES, place, purpose="Know what lacks", legal_basis="Order 3", ends=ends
    )


def _day(project: Project, **changes: object) -> dict[str, Any]:
    """Return what a browser sends for a whole day."""
    key = project.general_contractor_id
    people = {"expected": 40, "back": 30, "from_listed": 2, "abnormal": 0}
    said: dict[str, Any] = {f"{name}_{key}": value for name, value in people.items()}
    for item in SupplyItem:
        said |= {f"stock_{item.value}": 100, f"use_{item.value}": 10}
    return said | {"isolation_places": 2, "isolation_used": 0, "seen": ""} | changes


def _declare(client: Client, project: Project, **changes: object) -> Any:
    return client.post(f"/supplies/sites/{project.pk}/declare/", _day(project, **changes))


def test_ok__manager_declares_and_next_day_the_numbers_stand_there(town: SmallDistrict) -> None:
    """All but who is not well: that is asked each day."""
    client, project = client_of(town.accounts[Role.MANAGER]), town.projects[0]
    assert _declare(client, project).status_code == 302
    assert EmployerCount.objects.get().by == str(town.accounts[Role.MANAGER])
    EmployerCount.objects.update(date=timezone.localdate() - timedelta(days=1))
    form = client.get(f"/supplies/sites/{project.pk}/declare/").context["form"]
    key = project.general_contractor_id
    assert (form.initial[f"back_{key}"], form.initial[f"abnormal_{key}"]) == (30, None)
    page = client.get(f"/supplies/sites/{project.pk}/").content.decode()
    assert "Masks (pieces)" in page


def test_fail__a_wrong_number_loses_nothing_that_was_typed(town: SmallDistrict) -> None:
    """The page says which number, and keeps the others."""
    client, project = client_of(town.accounts[Role.MANAGER]), town.projects[0]
    key = project.general_contractor_id
    page = _declare(client, project, **{f"back_{key}": 41, "stock_suits": 777})
    assert page.status_code == 422
    assert "More people are back than expected" in page.content.decode()
    assert 'value="777"' in page.content.decode()
    assert not EmployerCount.objects.exists()


def test_ok__a_zero_too_many_is_asked_about_once(town: SmallDistrict) -> None:
    """With the tick it is stored."""
    client, project = client_of(town.accounts[Role.MANAGER]), town.projects[0]
    _declare(client, project)
    seen = registry.version_of(project, timezone.localdate())
    page = _declare(client, project, stock_masks=1000, seen=seen)
    assert "Last time it was 100" in page.content.decode()
    assert _declare(client, project, stock_masks=1000, seen=seen, sure="on").status_code == 302
    assert SupplyLine.objects.get(item="masks").stock == 1000


def test_fail__second_window_does_not_write_over_the_first(town: SmallDistrict) -> None:
    """The second learns that somebody declared meanwhile, and can send its numbers once more."""
    client, project = client_of(town.accounts[Role.MANAGER]), town.projects[0]
    _declare(client, project)
    assert _declare(client, project).status_code == 302  # the button was pressed twice
    page = _declare(client, project, stock_masks=90)
    assert "declared for this day meanwhile" in page.content.decode()
    again = page.context["form"].data["seen"]
    assert _declare(client, project, stock_masks=90, seen=again).status_code == 302


def test_fail__subcontractor_declares_its_own_people_alone(town: SmallDistrict) -> None:
    """It sees neither the stock nor the people of others, and a forged field changes nothing of theirs."""
    project, own = town.projects[0], town.enterprises[1]
    Subcontract.objects.create(project=project, enterprise=own, starts=timezone.localdate())
    _declare(client_of(town.accounts[Role.OFFICER]), project, **_people(own.pk))
    client = client_of(town.account(Role.CLERK, enterprise=own))
    seen = registry.version_of(project, timezone.localdate())
    form = client.get(f"/supplies/sites/{project.pk}/declare/").context["form"]
    assert [one.pk for one in form.employers] == [own.pk]
    assert "stock_masks" not in form.fields
    _declare(client, project, seen=seen, **_people(own.pk, back=7), **{f"back_{project.general_contractor_id}": 1})
    assert dict(EmployerCount.objects.values_list("enterprise", "back")) == {
        own.pk: 7,
        project.general_contractor_id: 30,
    }
    assert "Masks" not in client.get("/supplies/stocks/").context["table"].body
    assert client.get(f"/supplies/sites/{project.pk}/commit/").status_code == 404


def _people(key: int, back: int = 5) -> dict[str, int]:
    return {f"expected_{key}": 9, f"back_{key}": back, f"from_listed_{key}": 0, f"abnormal_{key}": 0}


def test_fail__neighbour_and_guard_reach_nothing(town: SmallDistrict) -> None:
    """The other site's manager gets "not found", a guard has no page."""
    project = town.projects[0]
    _declare(client_of(town.accounts[Role.MANAGER]), project)
    neighbour = client_of(town.account(Role.MANAGER, place=town.projects[1].place))
    for address in (f"/supplies/sites/{project.pk}/", f"/supplies/sites/{project.pk}/declare/"):
        assert neighbour.get(address).status_code == 404
    assert _declare(neighbour, project).status_code == 404
    assert "Site 1" not in neighbour.get("/supplies/").content.decode()
    assert client_of(town.accounts[Role.GUARD]).get("/supplies/").status_code == 403


def test_fail__ended_measure_has_no_pages(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """Not for the manager, not for the officer."""
    _declare(client_of(town.accounts[Role.MANAGER]), town.projects[0])
    end_measure("test", measure)
    for role in (Role.MANAGER, Role.OFFICER):
        assert client_of(town.accounts[role]).get("/supplies/").status_code == 404


def test_ok__lists_sums_and_files(town: SmallDistrict) -> None:
    """The officer sees who is missing, what is short, and the sums of the town; all as files too."""
    _declare(client_of(town.accounts[Role.MANAGER]), town.projects[0], stock_masks=12)
    client = client_of(town.accounts[Role.OFFICER])
    page = client.get("/supplies/")
    assert (page.context["late"], page.context["asked"], page.context["short"]) == (1, 2, 1)
    assert [row.pk for row in client.get("/supplies/?state=missing").context["table"].page.rows] == [
        town.projects[1].pk
    ]
    short = client.get("/supplies/stocks/?state=short").context["table"].page.rows
    assert [(row.item, row.report.project) for row in short] == [("masks", town.projects[0])]
    table = client.get("/supplies/sums/").context["table"]
    [row] = [row for row in table.page.rows if row.name == "Guicheng"]
    assert [column.of(row) for column in table.columns][1:] == [2, 1, 40, 30, 2, 0, 2, 0, 12, 1]
    for address in ("/supplies/", "/supplies/stocks/", "/supplies/sums/", "/supplies/offers/", "/supplies/draws/"):
        for kind in ("csv", "xlsx"):
            assert client.get(f"{address}?format={kind}").status_code == 200
    assert client.get("/supplies/?day=99999-99-99").status_code == 200


def test_ok__officer_sets_rules_and_offers_a_surplus(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """The proposal is one press; the giver agrees on the page of the offer."""
    officer = client_of(town.accounts[Role.OFFICER])
    said = {"due": "09:30", "short_days": 2, "enough_days": 5, "surplus_days": 8, "people_per_thermometer": 50}
    assert officer.post(f"/supplies/rules/{measure.pk}/", said | {"listed_areas": "Hubei"}).status_code == 302
    assert officer.post(f"/supplies/rules/{measure.pk}/", said | {"short_days": 6}).status_code == 422
    assert SupplyPolicy.objects.get().surplus_days == 8
    manager, other = client_of(town.accounts[Role.MANAGER]), town.account(Role.MANAGER, place=town.projects[1].place)
    _declare(manager, town.projects[0])
    _declare(client_of(other), town.projects[1], stock_masks=10)
    [(item, _name, one, _giver, _taker)] = officer.get("/supplies/offers/").context["proposals"]
    given = {"item": item, "giver": one.giver, "taker": one.taker, "amount": one.amount}
    assert manager.post("/supplies/offers/add/", given).status_code == 403
    officer.post("/supplies/offers/add/", given)
    offer = SupplyOffer.objects.get()
    assert manager.post(f"/supplies/offers/{offer.pk}/step/", {"step": "refuse"}).status_code == 422
    manager.post(f"/supplies/offers/{offer.pk}/step/", {"step": "agree"})
    offer.refresh_from_db()
    assert (offer.amount, offer.state) == (20, "agreed")


def test_ok__site_commits_and_is_checked_without_a_warning(town: SmallDistrict) -> None:
    """The manager files, the officer draws and notes; the site sees the check once it is done."""
    manager, officer = client_of(town.accounts[Role.MANAGER]), client_of(town.accounts[Role.OFFICER])
    today = timezone.localdate().isoformat()
    given = {"starts": today, "people": 40, "statements": list(STATEMENTS)}
    manager.post(f"/supplies/sites/{town.projects[0].pk}/commit/", given)
    made = StartCommitment.objects.get()
    page = officer.post("/supplies/draws/add/", {"place": town.towns[0].pk, "count": 3}, follow=True)
    assert page.context["same"]
    check, address = SpotCheck.objects.get(), f"/supplies/commitments/{made.pk}/"
    assert not list(manager.get(address).context["checks"])
    assert manager.get(f"/supplies/checks/{check.pk}/").status_code == 403
    officer.post(f"/supplies/checks/{check.pk}/", {"result": "passed", "note": "All in order"})
    assert list(manager.get(address).context["checks"]) == [check]
    manager.post(f"{address}end/", {"why": "no people"})
    made.refresh_from_db()
    assert made.state == "withdrawn"
