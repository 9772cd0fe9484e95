"""PROMISE: a sheet of people is applied whole or not at all, and says every problem by its row."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
import xlsxwriter
from district_rig import SmallDistrict
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from id_numbers import id_number
from two_parts import sign_in

from district.audit.models import Entry
from district.exchange.models import OutboxRow
from district.imports.models import SheetImport
from district.imports.steps import result_of
from district.people import registry
from district.people.models import Assignment, BankAccount, Certificate, IdDocument, Person, Team
from district.permissions import Role

HEADINGS = [
    "姓名",
    "身份证号",
    "手机号",
    "民族",
    "工地",
    "公司",
    "班组",
    "工种",
    "进场日期",
    "开户行",
    "银行卡号",
    "培训有效期",
]
DAY = timedelta(days=1)


def _row(number: int, **changes: Any) -> list[Any]:
    named = {
        "姓名": f"张{chr(0x4E00 + number)}", "身份证号": id_number(number), "手机号": f"1380013{number:04}", "民族": "汉族",
        "工地": "Site 1", "公司": "Builder 1", "班组": "钢筋一班", "工种": "钢筋工", "进场日期": "2026-11-01",
        "开户行": "工商银行", "银行卡号": f"62220200000{number:05}", "培训有效期": "2027-06-30", **changes,
    }  # fmt: skip
    return [named.get(heading, "") for heading in HEADINGS]


def _xlsx(rows: list[list[Any]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate([HEADINGS, *rows]):
            sheet.write_row(line, 0, row)
    return file.getvalue()


def _uploaded(client: Client, content: bytes, name: str = "people.xlsx") -> SheetImport:
    file = SimpleUploadedFile(name, content)
    response = client.post(reverse("imports:new", args=["people"]), {"file": file})
    assert response.status_code == 302, response.content.decode()[:2_000]
    return SheetImport.objects.latest("pk")


def _clerk(town: SmallDistrict) -> Client:
    client = Client()
    sign_in(client, town.accounts[Role.CLERK])
    return client


def test_ok__a_sheet_becomes_people_with_work_and_papers(town: SmallDistrict) -> None:
    client = _clerk(town)
    before = Person.objects.count()
    one = _uploaded(client, _xlsx([_row(number) for number in range(5)]))
    result = result_of(one)
    assert (result.problem_count, result.actions) == (0, {"add": 5}), result.problems
    assert Person.objects.count() == before
    shown = client.get(reverse("imports:sheet", args=[one.pk])).content.decode()
    assert id_number(1) not in shown
    assert "13800130001" not in shown
    client.post(reverse("imports:apply", args=[one.pk]))
    assert Person.objects.count() == before + 5
    row = Assignment.objects.get(person__documents__number_index=IdDocument.objects.latest("pk").number_index)
    assert (row.trade, row.starts, row.team and row.team.name) == ("020", date(2026, 11, 1), "钢筋一班")
    assert Team.objects.filter(name="钢筋一班").count() == 1
    assert Certificate.objects.filter(is_training=True, expires=date(2027, 6, 30)).count() == 5
    assert BankAccount.objects.count() == 5
    assert OutboxRow.objects.filter(kind="worker").count() == 5
    assert Entry.objects.filter(action="add", subject_kind="people.person").count() == 5
    again = result_of(_uploaded(client, _xlsx([_row(number) for number in range(5)])))
    assert again.actions == {"none": 5}, again.changes


def test_ok__a_sheet_changes_who_is_known_and_brings_back_who_left(town: SmallDistrict) -> None:
    client = _clerk(town)
    for number in range(2):
        draft = registry.PersonDraft(name=_row(number)[0], id_number=id_number(number))
        person = registry.add_person("test", draft).person
        if number:
            start = date(2025, 1, 1)
            registry.assign("test", person, town.projects[0], town.enterprises[0], starts=start, ends=start + 90 * DAY)
    one = _uploaded(client, _xlsx([_row(0, 手机号=""), _row(1)]))
    assert result_of(one).actions == {"change": 2}
    client.post(reverse("imports:apply", args=[one.pk]))
    assert Person.objects.filter(name__startswith="张").count() == 2
    assert Assignment.objects.filter(person=person).count() == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"身份证号": "440605199001010000"}, "check digit"),
        ({"身份证号": 4.40605199001010e17}, "digits may be lost"),
        ({"身份证号": "4.40605E+17"}, "digits may be lost"),
        ({"姓名": "12345"}, "no letter"),
        ({"手机号": "call me"}, "cannot be read"),
        ({"工地": "Site 2"}, "not one of your sites"),
        ({"公司": "Builder 2"}, "not an employer"),
        ({"工种": "瑜伽教练"}, "trade is not"),
        ({"民族": "火星"}, "nation is not"),
        ({"进场日期": "2206-01-01"}, "2199|too far ahead"),
        ({"进场日期": "31/12/2026"}, "is no date"),
        ({"开户行": ""}, "bank's name is missing"),
        ({"银行卡号": 6.22e18}, "digits may be lost"),
        ({"身份证号": id_number(7)}, "row 2 already"),
    ],
)
def test_fail__one_wrong_cell_applies_nothing(town: SmallDistrict, changes: dict[str, Any], words: str) -> None:
    client = _clerk(town)
    before = (Person.objects.count(), Team.objects.count())
    one = _uploaded(client, _xlsx([_row(7), _row(8, **changes)]))
    result = result_of(one)
    assert result.problem_count == 1, result.problems
    assert result.problems[0].row == 3
    text = result.problems[0].text % result.problems[0].values
    assert any(word in text for word in words.split("|")), text
    assert id_number(8) not in str(result.problems)
    client.post(reverse("imports:apply", args=[one.pk]))
    assert (Person.objects.count(), Team.objects.count()) == before


def test_fail__a_number_under_another_name_is_a_problem(town: SmallDistrict) -> None:
    registry.add_person("test", registry.PersonDraft(name="李四", id_number=id_number(3)))
    result = result_of(_uploaded(_clerk(town), _xlsx([_row(3)])))
    assert [(one.row, "another name" in one.text) for one in result.problems] == [(2, True)]
    assert "李四" not in str(result)


def test_fail__a_sheet_that_no_longer_fits_is_not_applied(town: SmallDistrict) -> None:
    client = _clerk(town)
    one = _uploaded(client, _xlsx([_row(3), _row(4)]))
    registry.add_person("test", registry.PersonDraft(name="李四", id_number=id_number(4)))
    before = Person.objects.count()
    client.post(reverse("imports:apply", args=[one.pk]))
    assert Person.objects.count() == before
    assert SheetImport.objects.get(pk=one.pk).state != SheetImport.State.APPLIED


def test_ok__the_only_employer_and_gb18030_need_no_word(town: SmallDistrict) -> None:
    text = "姓名,身份证号,项目名称\n王小明," + id_number(11) + ",Site 1\n"
    one = _uploaded(_clerk(town), text.encode("gb18030"), "people.csv")
    assert result_of(one).problem_count == 0, result_of(one).problems


def test_fail__a_guard_imports_nothing(town: SmallDistrict) -> None:
    client = Client()
    sign_in(client, town.accounts[Role.GUARD])
    assert client.get(reverse("imports:new", args=["people"])).status_code in {403, 404}
