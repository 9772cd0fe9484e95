"""PROMISE: an officer loads a list, sees whom it finds before it stops anybody, and decides with both records shown."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from district_rig import SmallDistrict
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from id_numbers import id_number
from screening_rig import TODAY, WHY, card, list_facts, page_text
from screening_rig import measure as measure
from screening_rig import officer as officer
from two_parts import client_of
from xlsxwriter import Workbook

from district.audit.models import Entry
from district.cases.models import Case
from district.declarations.models import Stopover
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import end_measure, start_measure
from district.emergency.rules import MeasureKind
from district.exchange.models import OutboxRow
from district.permissions import Role
from district.screening.models import Hit, KeyList, KeyRow, ListFile
from district.screening.registry.files import force_next, read_next_file
from district.screening.worker_rounds import end_some, warn_of_expired_lists, warn_of_some

LISTS = "/screening/lists/"


def _book(*rows: tuple[str, ...], headings: tuple[str, ...] = ("姓名", "身份证号", "手机")) -> SimpleUploadedFile:
    made = BytesIO()
    with Workbook(made, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((headings, *rows)):
            sheet.write_row(number, 0, row)
    return SimpleUploadedFile("list.xlsx", made.getvalue())


def _load(client: Client, measure: EmergencyMeasure, file: Any) -> KeyList:
    answer = client.post(f"{LISTS}new/", list_facts(measure, file=file))
    assert answer.status_code == 302, answer.content.decode()
    return KeyList.objects.get()


def test_ok__a_list_stops_nobody_before_it_is_confirmed(
    town: SmallDistrict, measure: EmergencyMeasure, officer: Client
) -> None:
    card(town.people[0], id_number(1))
    found = _load(officer, measure, _book(("工人1", id_number(1), ""), ("李四", id_number(2), ""), ("", "44", "12")))
    page = page_text(officer, f"{LISTS}{found.pk}/")
    assert "Put in force" in page and "1 person" in page and "Rows that could not be read" in page
    assert (found.row_count, found.sure_count, found.unsure_count) == (2, 1, 0)
    assert not Hit.objects.exists() and not OutboxRow.objects.filter(kind="risk").exists()
    assert not ListFile.objects.exists()
    for _ in range(2):  # a double click
        assert officer.post(f"{LISTS}{found.pk}/force/").status_code == 302
    hit = Hit.objects.get()
    assert hit.state == "in_force" and OutboxRow.objects.filter(kind="risk", subject="w-1").count() == 1
    assert town.people[0].name in page_text(officer, "/screening/hits/")
    assert "1" in page_text(officer, LISTS)
    problems = officer.get(f"{LISTS}{found.pk}/problems/")
    assert b"".join(problems.streaming_content).decode("utf-8-sig").count("\n") == 2


def test_ok__a_confirmed_hit_is_a_case_at_its_site_and_a_guard_sees_none(
    town: SmallDistrict, measure: EmergencyMeasure, officer: Client
) -> None:
    person = town.people[0]
    person.birth, person.joined, person.initials = datetime(1980, 1, 1, tzinfo=UTC).date(), "zhangsan", "zs"
    person.save()
    found = _load(officer, measure, _book(("张三", "1980-01-01"), headings=("姓名", "出生日期")))
    officer.post(f"{LISTS}{found.pk}/force/")
    hit = Hit.objects.get()
    (waiting,) = Case.objects.all()
    assert waiting.place == town.root and waiting.person is None
    address = f"/screening/hits/{hit.pk}/"
    assert "张三" not in page_text(officer, address)
    assert officer.post(f"{address}compare/", {"why": " "}).status_code == 422
    shown = officer.post(f"{address}compare/", {"why": "compare both cards"})
    assert "张三" in shown.content.decode() and "1980-01-01" in shown.content.decode()
    assert Entry.objects.filter(action="read", details__why="compare both cards").exists()
    assert "Say why" in officer.post(f"{address}confirm/", {"why": "x"}).content.decode()
    assert officer.post(f"{address}confirm/", {"why": "same card", "until": TODAY.isoformat()}).status_code == 302
    case = Case.objects.get(person=person)
    assert case.place == town.projects[0].place and "14-a" in case.text and "张三" not in case.title + case.text
    assert not Case.objects.visible_to(town.accounts[Role.GUARD]).filter(pk=case.pk).exists()
    assert Case.objects.visible_to(town.accounts[Role.LIAISON]).filter(pk=case.pk).exists()
    late = officer.post(f"{address}dismiss/", {"why": "my typing stays"})
    assert (
        late.status_code == 422 and "meanwhile" in late.content.decode() and "my typing stays" in late.content.decode()
    )
    assert officer.post(f"{address}lift/", {"why": "tested negative"}).status_code == 302
    assert "tested negative" in page_text(officer, address)


def test_ok__a_sheet_in_gbk_with_odd_headings_asks_for_its_columns(
    town: SmallDistrict, measure: EmergencyMeasure, officer: Client
) -> None:
    card(town.people[0], id_number(1))
    text = f"编号,人,证\n1,工人1,{id_number(1)}\n".encode("gb18030")
    found = _load(officer, measure, SimpleUploadedFile("名单.csv", text))
    assert "Choose the columns" in page_text(officer, f"{LISTS}{found.pk}/")
    assert "名单.csv" in page_text(officer, f"{LISTS}{found.pk}/columns/")
    assert officer.post(f"{LISTS}{found.pk}/columns/", {"name": "B", "number": "B"}).status_code == 422
    assert officer.post(f"{LISTS}{found.pk}/columns/", {"note": "B"}).status_code == 422
    assert officer.post(f"{LISTS}{found.pk}/columns/", {"name": "B", "number": "C"}).status_code == 302
    found.refresh_from_db()
    assert (found.row_count, found.sure_count) == (1, 1)
    assert officer.get(f"{LISTS}{found.pk}/columns/").status_code == 404


def test_ok__a_big_sheet_is_read_and_compared_by_the_worker(
    town: SmallDistrict, measure: EmergencyMeasure, officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("district.screening.registry.files.AT_ONCE_MAX", 0)
    monkeypatch.setattr("district.screening.registry.ROWS_AT_ONCE", 0)
    card(town.people[0], id_number(1))
    found = _load(officer, measure, _book(("工人1", id_number(1), "")))
    assert "The worker reads the sheet" in page_text(officer, f"{LISTS}{found.pk}/")
    assert read_next_file() and not read_next_file() and not force_next()
    officer.post(f"{LISTS}{found.pk}/force/")
    assert not Hit.objects.exists() and "The worker compares" in page_text(officer, f"{LISTS}{found.pk}/")
    assert force_next() and not force_next()
    assert Hit.objects.get().state == "in_force"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("list.pdf", b"%PDF", "no sheet"),
        ("list.xlsx", b"PK\x03\x04 broken", "list"),
        ("list.csv", b"\xff\xfe\x00\xd8\x00\x00", "list"),
        ("list.csv", "姓名,身份证号\n".encode(), "Rows"),
        ("../../etc/x.csv", b"number,phone\n=1+1\n<script>alert(1)</script>\n", "Rows that could not be read"),
    ],
)
def test_fail__hostile_files_stop_nobody(
    town: SmallDistrict, measure: EmergencyMeasure, officer: Client, name: str, content: bytes, says: str
) -> None:
    answer = officer.post(f"{LISTS}new/", list_facts(measure, file=SimpleUploadedFile(name, content)), follow=True)
    page = answer.content.decode()
    assert says in page and "<script>alert" not in page and not KeyRow.objects.exists()


def test_fail__no_neighbour_and_no_other_role_reaches_a_list(
    town: SmallDistrict, measure: EmergencyMeasure, officer: Client
) -> None:
    card(town.people[7], id_number(1))
    found = _load(officer, measure, _book(("工人8", id_number(1), "")))
    officer.post(f"{LISTS}{found.pk}/force/")
    hit = Hit.objects.get()
    near = client_of(town.account(Role.OFFICER, place=town.towns[0]))
    assert town.people[7].name not in page_text(near, "/screening/hits/")
    pages = (f"/screening/hits/{hit.pk}/", f"{LISTS}{found.pk}/columns/")
    assert [near.get(page).status_code for page in pages] == [404, 404]
    posts = [f"/screening/hits/{hit.pk}/{what}/" for what in ("compare", "confirm", "dismiss", "lift")]
    posts += [f"{LISTS}{found.pk}/{what}/" for what in ("force", "rule", "withdraw")]
    assert [near.post(page, {"why": "because"}).status_code for page in posts] == [404] * len(posts)
    assert "Withdraw the list" not in page_text(near, f"{LISTS}{found.pk}/")
    for role in (Role.LIAISON, Role.CLERK, Role.MANAGER, Role.GUARD, Role.SYSTEM):
        client = client_of(town.accounts[role])
        assert client.get("/screening/hits/").status_code in {403, 404}
    auditor = client_of(town.accounts[Role.AUDITOR])
    assert auditor.get(pages[0]).status_code == 200
    assert [auditor.post(page, {"why": "because"}).status_code for page in posts[:4]] == [403] * 4
    end_measure("test", measure)
    assert officer.get(pages[0]).status_code == officer.get(LISTS).status_code == 404


def test_fail__a_sheet_of_which_no_row_is_read_is_not_put_in_force(
    town: SmallDistrict, measure: EmergencyMeasure, officer: Client
) -> None:
    mistyped = id_number(1)[:-1] + ("0" if id_number(1)[-1] != "0" else "1")
    found = _load(officer, measure, _book(("工人1", mistyped, "")))
    page = page_text(officer, f"{LISTS}{found.pk}/")
    assert "No row of this sheet could be read" in page and f"{LISTS}{found.pk}/force/" not in page
    officer.post(f"{LISTS}{found.pk}/force/")
    found.refresh_from_db()
    assert (found.loaded, found.confirmed) == (None, None)


def test_ok__a_rule_over_places_shows_trips_beside_it_and_a_list_can_be_withdrawn(
    town: SmallDistrict, measure: EmergencyMeasure, officer: Client
) -> None:
    ends = TODAY + timedelta(days=5)
    health = start_measure("test", MeasureKind.DECLARATIONS, town.root, ends=ends, **WHY)
    Stopover.objects.create(person=town.people[0], area="420106", measure=health, from_day=TODAY, until_day=TODAY)
    officer.post(f"{LISTS}new/", list_facts(measure))
    found = KeyList.objects.get()
    officer.post(f"{LISTS}{found.pk}/force/")
    day = TODAY.isoformat()
    for area, first, says in (("999999", day, "not known"), ("", day, "required"), ("武汉", "0001-01-01", "1900")):
        bad = officer.post(f"{LISTS}{found.pk}/rule/", {"area": area, "first_day": first, "last_day": day})
        assert bad.status_code == 422 and says in bad.content.decode()
    for area in ("湖北武汉", "420100"):
        officer.post(f"{LISTS}{found.pk}/rule/", {"area": area, "first_day": day, "last_day": day, "at_once": "on"})
    assert "<b>Wuhan, Hubei</b>" in page_text(officer, f"{LISTS}{found.pk}/")
    hit = Hit.objects.get()
    assert (hit.basis, hit.state) == ("place", "in_force")
    shown = officer.post(f"/screening/hits/{hit.pk}/compare/", {"why": "ask about the trip"})
    assert "420106" in shown.content.decode()
    assert Entry.objects.filter(action="read", details__why="ask about the trip").exists()
    endless = {"until": "9999-12-31", "why": "until further notice"}
    assert officer.post(f"/screening/hits/{hit.pk}/confirm/", endless).status_code == 422
    assert officer.post(f"{LISTS}{found.pk}/withdraw/", {"why": "!"}).status_code == 422
    officer.post(f"{LISTS}{found.pk}/withdraw/", {"why": "the province took it back"})
    hit.refresh_from_db()
    assert hit.state == "lifted" and "withdrawn" in page_text(officer, f"{LISTS}{found.pk}/")
    export = officer.get("/screening/hits/?format=csv")
    assert town.people[0].name in b"".join(export.streaming_content).decode("utf-8-sig")


def test_ok__ends_of_hits_and_lists_are_noticed(
    town: SmallDistrict, measure: EmergencyMeasure, officer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("district.screening.registry.found.AT_ONCE", 0)
    card(town.people[0], id_number(1))
    found = _load(officer, measure, _book(("工人1", id_number(1), "")))
    officer.post(f"{LISTS}{found.pk}/force/")
    assert not Case.objects.exists()
    assert not warn_of_some() and Case.objects.count() == 1
    assert not warn_of_expired_lists()
    yesterday = TODAY - timedelta(days=1)
    KeyList.objects.update(starts=yesterday, ends=yesterday)
    Hit.objects.update(until=timezone.now() - timedelta(minutes=1))
    OutboxRow.objects.all().delete()
    assert not end_some() and Hit.objects.get().state == "over"
    assert OutboxRow.objects.filter(kind="risk", subject="w-1").exists()
    assert warn_of_expired_lists() and not warn_of_expired_lists()
    assert Case.objects.filter(kind="list_expired", place=town.root).count() == 1
