"""PROMISE: a sheet is applied whole or not at all, and nobody imports into another's part of the tree."""

import base64
import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest
import xlsxwriter
from district_rig import SmallDistrict
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation
from id_numbers import id_number
from two_parts import sign_in

from district.audit.models import Entry
from district.imports import steps
from district.imports.models import SheetContent, SheetImport
from district.imports.steps import go_on_with_next
from district.permissions import Role
from district.places.models import Enterprise, Place, Project

CODE, OTHER_CODE = "91110000600037341L", "91440101MA59DLNN55"
HEADINGS = ("企业名称", "统一社会信用代码", "所属网格", "联系电话")
ROW = ("南海建筑劳务", CODE, "Guicheng / Guicheng 1", "0757-8123456")


def sheet(*rows: Sequence[str], encoding: str = "utf-8-sig", name: str = "企业.csv") -> SimpleUploadedFile:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return SimpleUploadedFile(name, text.getvalue().encode(encoding))


def workbook(*rows: Sequence[object], sheets: int = 1) -> SimpleUploadedFile:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"strings_to_formulas": False}) as book:
        for _ in range(sheets):
            page = book.add_worksheet()
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
    return SimpleUploadedFile("firms.xlsx", file.getvalue())


def upload(client: Client, subject: str, file: SimpleUploadedFile) -> SheetImport:
    answer = client.post(reverse("imports:new", args=[subject]), {"file": file})
    assert answer.status_code == 302, answer.content.decode()
    return SheetImport.objects.latest("pk")


def officer(town: SmallDistrict, client: Client) -> Client:
    sign_in(client, town.accounts[Role.OFFICER])
    return client


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_ok__a_sheet_is_checked_shown_and_applied(town: SmallDistrict, client: Client, encoding: str) -> None:
    one = upload(officer(town, client), "enterprises", sheet(HEADINGS, ROW, encoding=encoding))
    assert one.state == SheetImport.State.CHECKED
    assert not Enterprise.objects.filter(uscc=CODE).exists()
    assert "南海建筑劳务" in client.get(reverse("imports:sheet", args=[one.pk])).content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM imports_sheetcontent")
        stored = bytes(cursor.fetchone()[0])
    assert base64.b64encode(CODE.encode()[:15]) not in stored
    assert CODE.encode() not in stored
    client.post(reverse("imports:apply", args=[one.pk]))
    added = Enterprise.objects.get(uscc=CODE)
    assert (added.name, added.place.name, added.phone) == ("南海建筑劳务", "Guicheng 1", "0757-8123456")
    assert not SheetContent.objects.exists()
    assert Entry.objects.filter(action="add", subject_id=str(added.pk), subject_kind="places.enterprise").exists()
    again = upload(client, "enterprises", sheet(HEADINGS, ROW))
    assert steps.result_of(again).changing == 0
    assert "Nothing would change" in client.get(reverse("imports:sheet", args=[again.pk])).content.decode()


def test_fail__one_wrong_row_keeps_the_whole_sheet_out(town: SmallDistrict, client: Client) -> None:
    wrong = [
        ("坏码", "91110000600037342L", "Guicheng 1", ""),
        ("同码", CODE, "Guicheng 1", ""),
        ("无处", OTHER_CODE, "Nowhere", ""),
        ("", CODE, "Guicheng 1", ""),
    ]
    one = upload(officer(town, client), "enterprises", sheet(HEADINGS, ROW, *wrong))
    result = steps.result_of(one)
    assert result.problem_count == 4
    assert {problem.row for problem in result.problems} == {3, 4, 5, 6}
    client.post(reverse("imports:apply", args=[one.pk]))
    assert Enterprise.objects.count() == len(town.enterprises)
    listed = b"".join(client.get(reverse("imports:problems", args=[one.pk])))  # type: ignore[call-overload]
    assert listed.decode().count("\r\n") == 5


def test_fail__a_formula_in_a_cell_stays_text(town: SmallDistrict, client: Client) -> None:
    evil = '=HYPERLINK("http://x","{{7*7}}<script>")'
    one = upload(
        officer(town, client), "enterprises", sheet(HEADINGS, (evil, CODE, "Guicheng 1", ""), (evil, "x", "y", "z"))
    )
    page = client.get(reverse("imports:sheet", args=[one.pk])).content.decode()
    assert "<script>" not in page.replace("<script src", "")
    assert "49" not in page.partition("HYPERLINK")[2][:40]
    exported = b"".join(client.get(reverse("imports:problems", args=[one.pk])))  # type: ignore[call-overload]
    assert b"\r\n=" not in exported
    assert b",=" not in exported


def test_ok__columns_that_are_not_known_are_chosen_once(town: SmallDistrict, client: Client) -> None:
    headings = ("甲", "乙", "丙", "联系电话")
    one = upload(officer(town, client), "enterprises", sheet(headings, ROW))
    assert one.state == SheetImport.State.COLUMNS
    page = reverse("imports:sheet", args=[one.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"name": "A", "uscc": "A"}).status_code == 422
    client.post(page, {"name": "A", "uscc": "B", "place": "C"})
    one.refresh_from_db()
    assert one.state == SheetImport.State.CHECKED
    assert steps.result_of(one).may_be_applied
    assert upload(client, "enterprises", sheet(headings, ROW)).state == SheetImport.State.CHECKED


def test_ok__a_workbook_with_two_sheets_asks_which(town: SmallDistrict, client: Client) -> None:
    one = upload(officer(town, client), "enterprises", workbook(HEADINGS, ROW, sheets=2))
    assert one.refusal["sheets"] == ["Sheet1", "Sheet2"]
    page = reverse("imports:sheet", args=[one.pk])
    assert "Sheet2" in client.get(page).content.decode()
    client.post(page, {"sheet": "Sheet2"})
    one.refresh_from_db()
    assert steps.result_of(one).may_be_applied


def test_ok__a_bigger_sheet_is_left_to_the_worker(
    town: SmallDistrict, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("district.imports.reading.AT_ONCE_MAX", 10)
    monkeypatch.setattr("district.imports.steps.ROWS_AT_ONCE", 0)
    one = upload(officer(town, client), "enterprises", sheet(HEADINGS, ROW))
    assert one.state == SheetImport.State.TO_CHECK
    assert "every 2s" in client.get(reverse("imports:sheet", args=[one.pk])).content.decode()
    assert go_on_with_next()
    client.post(reverse("imports:apply", args=[one.pk]))
    client.post(reverse("imports:apply", args=[one.pk]))
    assert go_on_with_next()
    assert not go_on_with_next()
    one.refresh_from_db()
    assert one.state == SheetImport.State.APPLIED
    assert Enterprise.objects.filter(uscc=CODE).count() == 1


def test_fail__what_changed_since_the_check_is_shown_again(town: SmallDistrict, client: Client) -> None:
    one = upload(officer(town, client), "enterprises", sheet(HEADINGS, ROW))
    Enterprise.objects.create(name="Other", uscc=CODE, place=town.enterprises[0].place)
    client.post(reverse("imports:apply", args=[one.pk]))
    one.refresh_from_db()
    assert one.state == SheetImport.State.CHECKED
    assert Enterprise.objects.get(uscc=CODE).name == "Other"
    assert "changed since the check" in client.get(reverse("imports:sheet", args=[one.pk])).content.decode()
    client.post(reverse("imports:apply", args=[one.pk]))
    assert Enterprise.objects.get(uscc=CODE).name == "南海建筑劳务"


def test_fail__an_account_that_lost_its_right_applies_nothing(
    town: SmallDistrict, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("district.imports.steps.ROWS_AT_ONCE", 0)
    one = upload(officer(town, client), "enterprises", sheet(HEADINGS, ROW))
    client.post(reverse("imports:apply", args=[one.pk]))
    town.accounts[Role.OFFICER].grants.all().delete()
    assert go_on_with_next()
    one.refresh_from_db()
    assert one.state == SheetImport.State.CHECKED
    assert "may not import" in one.refusal["text"]
    assert not Enterprise.objects.filter(uscc=CODE).exists()


def test_fail__nobody_sees_anothers_sheet(town: SmallDistrict, client: Client) -> None:
    one = upload(officer(town, client), "enterprises", sheet(HEADINGS, ROW))
    pages = [("get", "sheet"), ("post", "apply"), ("post", "end"), ("get", "problems")]
    sign_in(client, town.accounts[Role.SYSTEM])
    assert {getattr(client, how)(reverse(f"imports:{name}", args=[one.pk])).status_code for how, name in pages} == {404}
    sign_in(client, town.accounts[Role.GUARD])
    assert {getattr(client, how)(reverse(f"imports:{name}", args=[one.pk])).status_code for how, name in pages} == {403}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("firms.pdf", b"%PDF", "is no sheet"),
        ("../../etc/passwd.csv", b"", "is empty"),
        ("firms.xlsx", b"PK\x03\x04nonsense", "is no XLSX workbook"),
        ("firms.xlsx", b"name,uscc\n", "is no XLSX workbook"),
        ("firms.csv", b"\x00\x01\x02\xff", "no text"),
        ("firms.csv", "企业名称,统一社会信用代码\r\n".encode(), "no rows below"),
        ("firms.csv", b'name,uscc,place\r\n"a,b,c', "quotation mark"),
    ],
)
def test_fail__files_that_are_no_sheets(
    town: SmallDistrict, client: Client, name: str, content: bytes, said: str
) -> None:
    answer = officer(town, client).post(
        reverse("imports:new", args=["enterprises"]), {"file": SimpleUploadedFile(name, content)}, follow=True
    )
    page = answer.content.decode()
    assert said in page
    assert "/tmp/" not in page
    assert Enterprise.objects.count() == len(town.enterprises)


def test_ok__places_below_those_of_earlier_rows_then_sites(town: SmallDistrict, client: Client) -> None:
    rows = [
        ("名称", "级别", "上级", "编码"),
        ("Pingzhou", "社区", "Guicheng", "440605-7"),
        ("Pingzhou 3", "网格", "Pingzhou", ""),
    ]
    one = upload(officer(town, client), "places", sheet(*rows))
    assert steps.result_of(one).actions == {"add": 2}, steps.result_of(one).problems
    client.post(reverse("imports:apply", args=[one.pk]))
    grid = Place.objects.get(name="Pingzhou 3")
    assert Place.objects.get(path=grid.ancestor_paths[-2]).code == "440605-7"
    rows = [
        ("项目名称", "所属网格", "总包单位", "施工许可证", "开工日期", "经度", "纬度"),
        ("千灯湖 壹号", "Guicheng / Pingzhou 3", "Builder 1", "440605202001", "2026年3月1日", "113.15", "23.05"),
    ]
    one = upload(client, "sites", sheet(*rows))
    assert steps.result_of(one).actions == {"add": 1}, steps.result_of(one).problems
    client.post(reverse("imports:apply", args=[one.pk]))
    project = Project.objects.get(permit="440605202001")
    assert (project.site_id, project.place.ancestor_paths[-2]) == ("qian-deng-hu-yi-hao", grid.path)
    again = upload(client, "sites", sheet(*rows))
    assert steps.result_of(again).actions == {"none": 1}


def test_fail__an_officer_of_one_town_imports_nothing_into_another(town: SmallDistrict, client: Client) -> None:
    sign_in(client, town.account(Role.OFFICER, place=town.towns[0]))
    one = upload(client, "enterprises", sheet(HEADINGS, ("Firm", CODE, "Shishan 1", "")))
    assert steps.result_of(one).problem_count == 1
    theirs = [("项目名称", "工地编号"), ("Mine now", "site-3")]
    one = upload(client, "sites", sheet(*theirs))
    assert "another part of the district" in steps.result_of(one).problems[0].text


def test_ok__old_uploads_are_forgotten(town: SmallDistrict, client: Client) -> None:
    one = upload(officer(town, client), "enterprises", sheet(HEADINGS, ROW))
    SheetImport.objects.update(changed=one.made - steps.KEPT * 2)
    steps.drop_old()
    one.refresh_from_db()
    assert (one.state, str(one.result)) == (SheetImport.State.DROPPED, "")
    assert not SheetContent.objects.exists()


@pytest.fixture
def worker_in_between(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Let the worker look for work each time a page opens a sheet. Return what it found."""
    found: list[bool] = []
    opened = steps.opened_upload

    def busy(*args: Any) -> Any:
        if len(found) < 5:
            found.append(True)
            found[-1] = go_on_with_next()
        return opened(*args)

    monkeypatch.setattr(steps, "opened_upload", busy)
    return found


def test_ok__the_worker_takes_no_step_that_a_page_takes(
    town: SmallDistrict, client: Client, worker_in_between: list[bool]
) -> None:
    one = upload(officer(town, client), "enterprises", sheet(HEADINGS, ROW))
    answer = client.post(reverse("imports:apply", args=[one.pk]), follow=True)
    assert worker_in_between == [False, False]
    assert "note good" in answer.content.decode()
    assert Enterprise.objects.filter(uscc=CODE).count() == 1


def test_ok__who_applies_may_read_another_language_than_who_checked(town: SmallDistrict, client: Client) -> None:
    sign_in(client, town.accounts[Role.CLERK])
    person = sheet(("姓名", "身份证号", "民族", "工地", "工种"), ("欧阳晓峰", id_number(7), "汉", "Site 1", "钢筋工"))
    with translation.override("zh-hans"):
        one = upload(client, "people", person)
    page = client.get(reverse("imports:sheet", args=[one.pk]), headers={"Accept-Language": "zh-hans"})
    assert "钢筋工" in page.content.decode()
    answer = client.post(reverse("imports:apply", args=[one.pk]), headers={"Accept-Language": "en"}, follow=True)
    assert "note good" in answer.content.decode()


def test_fail__what_was_dropped_or_confirmed_meanwhile_stays_so(
    town: SmallDistrict, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("district.imports.steps.ROWS_AT_ONCE", 0)
    one = upload(officer(town, client), "enterprises", sheet(HEADINGS, ROW))
    client.post(reverse("imports:apply", args=[one.pk]))
    assert "cannot be dropped" in client.post(reverse("imports:end", args=[one.pk]), follow=True).content.decode()
    assert go_on_with_next()
    assert Enterprise.objects.filter(uscc=CODE).exists()
    two = upload(client, "enterprises", sheet(HEADINGS, (*ROW[:3], "0757-1")))
    stale = SheetImport.objects.get(pk=two.pk)
    client.post(reverse("imports:end", args=[two.pk]))
    steps.begin(stale)
    assert stale.state == SheetImport.State.DROPPED
    assert not SheetContent.objects.exists()
