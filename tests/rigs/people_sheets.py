"""Sheets of people for tests: written, checked, prepared and applied as the clerk does."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter
from district_rig import SmallDistrict
from django.db import models, transaction
from id_numbers import id_number

from district.accounts.models import User
from district.imports import checking
from district.imports.reading import open_path
from district.people.importers import PeopleImporter
from district.people.models import (
    AccessCard,
    Assignment,
    BankAccount,
    Certificate,
    DuplicateCandidate,
    Employment,
    IdDocument,
    Person,
    PersonEmployer,
    PersonScope,
    Team,
    TeamPast,
)
from district.permissions import Role

TODAY = date(2026, 11, 20)
HEADINGS = {
    "name": "姓名", "id_kind": "证件类型", "id_number": "身份证号", "sex": "性别", "birth": "出生日期", "nation": "民族",
    "phone": "手机号", "address": "住址", "emergency_contact": "紧急联系人", "site": "工地", "employer": "公司",
    "team": "班组", "trade": "工种", "role": "人员类型", "starts": "进场日期", "ends": "退场日期",
    "contract_number": "合同编号", "contract_ends": "合同到期", "bank": "开户行", "account": "银行卡号",
    "training_expires": "培训有效期", "card": "门禁卡号",
}  # fmt: skip
ROWS: tuple[type[models.Model], ...] = (
    Person, Team, TeamPast, IdDocument, BankAccount, Certificate, AccessCard, Employment, Assignment, PersonScope,
    PersonEmployer, DuplicateCandidate,
)  # fmt: skip


def clerks_rows(count: int) -> list[dict[str, Any]]:
    """Return rows of new people with a team and a card."""
    return [
        {"name": "王小明", "id_number": id_number(number), "site": "Site 1", "employer": "Builder 1",
         "team": "钢筋一班", "starts": "2026-11-01", "card": f"9{number}"}
        for number in range(count)
    ]  # fmt: skip


def people_sheet(folder: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Write a sheet with all columns."""
    keys = list(HEADINGS)
    with xlsxwriter.Workbook(str(folder / "people.xlsx")) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, list(HEADINGS.values()))
        for line, row in enumerate(rows, 1):
            for column, key in enumerate(keys):
                page.write_string(line, column, row.get(key, ""))
    return folder / "people.xlsx"


def prepared(town: SmallDistrict, sheet: Path, importer: type[PeopleImporter] = PeopleImporter) -> Callable[[], Any]:
    """Check a sheet, and prepare its application. Return what writes it."""
    user = User.objects.get(pk=town.accounts[Role.CLERK].pk)
    opened = open_path(sheet, importer, {})
    result, digest = checking.check(importer, opened, user)
    assert not result.problem_count, result.problems
    return checking.apply(importer, opened, user, digest)


def applied(town: SmallDistrict, sheet: Path, importer: type[PeopleImporter] = PeopleImporter) -> None:
    """Apply a sheet."""
    write = prepared(town, sheet, importer)
    with transaction.atomic():
        write()
