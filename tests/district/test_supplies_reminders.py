"""Supplies: sites are reminded once a day, and the day tables and first pages tell who has not declared."""

from datetime import time, timedelta
from unittest.mock import patch

import pytest
from district_rig import SmallDistrict
from django.core import mail
from django.utils import timezone
from two_parts import client_of

from district.emergency.models import EmergencyMeasure
from district.emergency.registry import start_measure
from district.emergency.rules import MeasureKind
from district.figures.models import MeasureFigure
from district.figures.registry import fill_day
from district.permissions import Role
from district.places.models import Project
from district.supplies import registry, reminders
from district.supplies.models import FilingReminder
from district.supplies.rules.counts import IsolationPlaces, PeopleCounts
from district.supplies.rules.items import StockFigures, SupplyItem, SupplyNeeds


@pytest.fixture
def measure(town: SmallDistrict) -> EmergencyMeasure:
    """A measure in the first town, with its hour at midnight: everything is late."""
    ends = timezone.localdate() + timedelta(days=20)
    words = {"purpose": "Know what lacks", "legal_basis": "Order 3"}
    made = start_measure("test", MeasureKind.SUPPLIES, town.towns[0], ends=ends, **words)
    registry.set_policy("test", made, SupplyNeeds(), due=time(0))
    return made


def _declare(project: Project) -> None:
    site = registry.SiteFigures(IsolationPlaces(3, 1), [StockFigures(SupplyItem.MASKS, 10, 10)])
    registry.declare_day("test", project, {project.general_contractor_id: PeopleCounts(40, 30, 2, 1)}, site)


@pytest.mark.usefixtures("measure")
def test_ok__late_site_is_reminded_once(town: SmallDistrict) -> None:
    """The manager of the silent site gets one mail; who declared gets none."""
    manager = town.accounts[Role.MANAGER]
    manager.email = "manager@example.org"
    manager.save()
    _declare(town.projects[1])
    assert not reminders.remind_some()
    assert not reminders.remind_some()
    assert [one.to for one in mail.outbox] == [["manager@example.org"]]
    assert FilingReminder.objects.get().project == town.projects[0]


@pytest.mark.usefixtures("measure")
def test_fail__mail_server_is_down(town: SmallDistrict) -> None:
    """The site counts as reminded with no mail, and the worker goes on."""
    town.accounts[Role.MANAGER].email = "manager@example.org"
    town.accounts[Role.MANAGER].save()
    with patch("district.supplies.reminders.send_mail", side_effect=OSError):
        assert not reminders.remind_some()
    assert list(FilingReminder.objects.order_by("pk").values_list("mails", flat=True)) == [0, 0]


def test_ok__nobody_is_reminded_before_the_hour(town: SmallDistrict, measure: EmergencyMeasure) -> None:
    """The rules name the hour."""
    registry.set_policy("test", measure, SupplyNeeds(), due=time(23, 59, 59))
    assert reminders.late_sites() == []
    assert town.projects


@pytest.mark.usefixtures("measure")
def test_ok__day_tables_hold_what_sites_declared(town: SmallDistrict) -> None:
    """Two sites should file, one did; the other site's masks count for nothing."""
    _declare(town.projects[0])
    fill_day(timezone.localdate())
    rows = MeasureFigure.objects.values_list("name", "part", "value")
    found: dict[tuple[str, str], int] = {}
    for name, part, value in rows:
        found[name, part] = found.get((name, part), 0) + value
    wanted = {
        ("sites_to_file", ""): 2,
        ("sites_filed", ""): 1,
        ("back", ""): 30,
        ("not_well", ""): 1,
        ("isolation_used", ""): 1,
        ("stock", "masks"): 10,
        ("short", "masks"): 1,
    }
    assert {key: found[key] for key in wanted} == wanted


@pytest.mark.usefixtures("measure")
def test_ok__first_page_leads_to_the_declaration(town: SmallDistrict) -> None:
    """While it is missing; afterwards, and in a town without a measure, nothing is shown."""
    client = client_of(town.accounts[Role.MANAGER])
    address = f"/supplies/sites/{town.projects[0].pk}/declare/"
    assert address in client.get("/").content.decode()
    _declare(town.projects[0])
    assert address not in client.get("/").content.decode()
    far = client_of(town.account(Role.MANAGER, place=town.projects[2].place))
    assert "/supplies/" not in far.get("/").content.decode()
    assert "not declared today" in client_of(town.accounts[Role.OFFICER]).get("/").content.decode()
