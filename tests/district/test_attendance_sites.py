"""PROMISE: sites without a gate, their rules of working time, and payrolls held against the passages."""

from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from attendance_rig import CHINA, GateJournal
from district_rig import SmallDistrict
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from common.sheets.rows import SheetRow
from district.attendance.feed_handlers import handle
from district.attendance.importers import PayrollImporter
from district.attendance.models import Correction, Day, Entrance, Passage, Payroll, PhoneMark, SiteRules, Stay
from district.attendance.models.projections import INSIDE
from district.attendance.payrolls import PayrollKey, PayrollRefused, differences_of, replace_payroll, settle
from district.attendance.rules.entrances import code_at, code_holds, distance_m
from district.attendance.rules.shifts import ShiftTimes, shift_of
from district.imports.importer import RowChange, RowProblem
from district.people.holds import holds_of
from district.permissions import Role
from district.phones.links import make_links

HERE = {"latitude": "23.0215", "longitude": "113.1214", "accuracy": "20"}


@pytest.fixture
def entrance(town: SmallDistrict) -> Entrance:
    """Return an entrance of site 1, in Foshan."""
    cache.clear()
    return Entrance.objects.create(
        project=town.projects[0],
        name="East door",
        address="east",
        secret="a secret",
        latitude=23.0215,
        longitude=113.1214,
    )


def phone_of(town: SmallDistrict, number: int) -> Client:
    person, phone = town.people[number], Client()
    (link,) = make_links("clerk", person.assignments.get().project, [person])
    phone.post(f"/i/{link.secret}")
    return phone


def now_code(entrance: Entrance) -> str:
    return code_at(entrance.secret, timezone.now().timestamp(), entrance.period_s)


def test_ok__a_worker_records_entry_and_exit_at_an_entrance(town: SmallDistrict, entrance: Entrance) -> None:
    phone = phone_of(town, 0)
    assert phone.get("/me/at/east").status_code == 200
    answer = phone.post("/me/at/east", {"direction": "in", "code": now_code(entrance), **HERE})
    assert phone.get(answer.headers["Location"]).status_code == 200
    assert Stay.objects.get(INSIDE).person == town.people[0]
    assert Passage.objects.get().source == "phone"
    phone.post("/me/at/east", {"direction": "in", "code": now_code(entrance), **HERE})
    assert PhoneMark.objects.count() == 1


def test_ok__a_phone_elsewhere_becomes_a_request(town: SmallDistrict, entrance: Entrance) -> None:
    phone = phone_of(town, 0)
    phone.post("/me/at/east", {"direction": "in", "code": now_code(entrance), "latitude": "23.1", "longitude": "113.1"})
    assert not Passage.objects.exists()
    asked = Correction.objects.get()
    assert (asked.person, asked.state, asked.asked_by) == (town.people[0], "open", "w-1")


@pytest.mark.parametrize("code", ["000000", "", "x", "１２３", "9" * 12, "' OR 1=1"])
def test_fail__a_wrong_code_records_nothing(town: SmallDistrict, entrance: Entrance, code: str) -> None:
    answer = phone_of(town, 0).post("/me/at/east", {"direction": "in", "code": code, **HERE})
    assert (answer.status_code, PhoneMark.objects.count()) == (422, 0)


def test_fail__guessing_codes_ends_after_ten(town: SmallDistrict, entrance: Entrance) -> None:
    phone = phone_of(town, 0)
    for number in range(10):
        phone.post("/me/at/east", {"direction": "in", "code": f"{number:06}", **HERE})
    answer = phone.post("/me/at/east", {"direction": "in", "code": now_code(entrance), **HERE})
    assert answer.status_code == 422
    assert not PhoneMark.objects.exists()


def test_fail__somebody_of_another_site_is_not_recorded(town: SmallDistrict, entrance: Entrance) -> None:
    answer = phone_of(town, 7).post("/me/at/east", {"direction": "in", "code": now_code(entrance), **HERE})
    assert (answer.status_code, PhoneMark.objects.count()) == (422, 0)


def test_ok__codes_change_and_distances_are_metres() -> None:
    assert code_holds("s", 1000.0, 60, code_at("s", 1000.0, 60))
    assert code_holds("s", 1030.0, 60, code_at("s", 1000.0, 60))
    assert not code_holds("s", 1200.0, 60, code_at("s", 1000.0, 60))
    assert 110 < distance_m((23.0, 113.0), (23.001, 113.0)) < 112


def test_ok__the_nearest_shift_says_who_is_late() -> None:
    shifts = [ShiftTimes("day", time(7), time(17)), ShiftTimes("night", time(19), time(3))]
    came, left = datetime(2026, 3, 2, 19, 25, tzinfo=CHINA), datetime(2026, 3, 3, 2, 30, tzinfo=CHINA)
    found = shift_of(came, left, shifts)
    assert found is not None
    assert (found.shift.name, found.late, found.early) == ("night", 25, 30)
    assert shift_of(datetime(2026, 3, 2, 12, 30, tzinfo=CHINA), None, shifts) is None


def test_ok__rules_hold_from_their_day_on(town: SmallDistrict, client: Client) -> None:
    gate, today = GateJournal(), timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    handle(
        [
            gate.passed("w-1", "in", today + timedelta(minutes=1)),
            gate.passed("w-1", "out", today + timedelta(minutes=9)),
        ]
    )
    assert Day.objects.get().date == (today - timedelta(days=1)).date()
    client.force_login(town.accounts[Role.MANAGER])
    given = {
        "what": "rules",
        "since": f"{today:%Y-%m-%d}",
        "day_begins": "00:00",
        "longest_h": "12",
        "full_day_h": "9.5",
    }
    assert client.post("/attendance/sites/site-1", given).status_code == 302
    assert Day.objects.get().date == today.date()
    assert client.post("/attendance/sites/site-3", given).status_code == 404
    client.post("/attendance/sites/site-1", given | {"since": "2020-01-01"})
    assert SiteRules.objects.get().full_day_s == 34_200


def test_ok__shifts_and_entrances_are_added_and_shown(town: SmallDistrict, client: Client) -> None:
    client.force_login(town.accounts[Role.MANAGER])
    client.post(
        "/attendance/sites/site-1",
        {"what": "shift", "name": "night", "starts": "19:00", "ends": "03:00", "grace_minutes": "5"},
    )
    client.post(
        "/attendance/sites/site-1", {"what": "entrance", "name": "<b>North</b>", "period_s": "60", "radius_m": "100"}
    )
    page = client.get("/attendance/sites/site-1").text
    assert "&lt;b&gt;North" in page
    assert "night" in page
    entrance = Entrance.objects.get()
    assert now_code(entrance) in client.get(f"/attendance/entrances/{entrance.address}").text
    client.force_login(town.account(Role.GUARD, place=town.projects[1].place))
    assert client.get(f"/attendance/entrances/{entrance.address}").status_code == 404


def sheet_row(number: int, **values: Any) -> SheetRow:
    return SheetRow(number, {"month": date(2026, 3, 1), "days": Decimal(20), **values})


def test_ok__a_payroll_shows_both_differences(town: SmallDistrict, client: Client) -> None:
    gate, start = GateJournal(), datetime(2026, 3, 2, 7, tzinfo=CHINA).astimezone(UTC)
    handle([gate.passed("w-1", "in", start), gate.passed("w-1", "out", start + timedelta(hours=9))])
    importer = PayrollImporter(town.accounts[Role.CLERK])
    rows = [
        sheet_row(2, name="工人2", worker_id="w-2", site="site-1"),
        sheet_row(3, name="工人5", worker_id="w-5", site="site-1"),
    ]
    planned = list(importer.plan(rows))
    assert [type(one) for one in planned] == [RowChange, RowProblem]
    importer.write([one for one in planned if isinstance(one, RowChange)])
    payroll = Payroll.objects.get()
    found = {one.name: (one.kind, one.paid, one.seen) for one in differences_of(payroll)}
    assert found == {"工人2": ("paid_absent", Decimal(20), Decimal(0)), "工人1": ("unpaid", None, Decimal(1))}
    client.force_login(town.accounts[Role.CLERK])
    assert "工人2" in client.get(f"/attendance/payrolls/{payroll.pk}").text
    client.force_login(town.accounts[Role.MANAGER])
    assert client.get(f"/attendance/payrolls/{payroll.pk}").status_code == 403
    client.force_login(town.accounts[Role.CLERK])
    with closing(client.get(f"/attendance/payrolls/{payroll.pk}?format=xlsx")) as file:
        assert file.status_code == 200


def test_fail__a_settled_payroll_is_kept(town: SmallDistrict) -> None:
    importer = PayrollImporter(town.accounts[Role.CLERK])
    rows = [sheet_row(2, name="工人2", worker_id="w-2", site="site-1")]
    importer.write([one for one in importer.plan(rows) if isinstance(one, RowChange)])
    payroll = Payroll.objects.get()
    assert any(hold.until is None for hold in holds_of(town.people[1]))
    settle("clerk", payroll)
    assert isinstance(next(iter(PayrollImporter(town.accounts[Role.CLERK]).plan(rows))), RowProblem)
    with pytest.raises(PayrollRefused):
        replace_payroll("clerk", PayrollKey(payroll.project_id, payroll.enterprise_id, payroll.month), [])
