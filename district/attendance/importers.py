"""Imports of payrolls, to hold paid days against passages."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_stubs_ext import StrPromise

from common.sheets import values
from common.sheets.refusals import BadCell
from common.sheets.rows import SheetRow
from common.sheets.values import Cell, CellRules, text_of
from contract.names import matched
from district.attendance.intake import Work
from district.attendance.models import Payroll
from district.attendance.payrolls import PaidPerson, PayrollKey, replace_payroll
from district.attendance.rules.ledger import month_days
from district.imports.importer import Importer, ImportField, PlannedRow, RowAction, RowChange, RowProblem, import_field
from district.pages import SignedIn
from district.people import rules
from district.people.importing import cells
from district.people.models import IdDocument, Person
from district.people.registry.desk import survivor
from district.people.registry.persons import document_index
from district.permissions import Permission
from district.places.models import Project

_MONTH = re.compile(r"(\d{4})\D{0,2}(\d{1,2})\D{0,3}")
DAYS_MAX, AMOUNT_MAX = Decimal(31), Decimal(10) ** 8


def read_month(cell: Cell, sheet: CellRules) -> date:
    """Read a month: 2026-03, 2026年3月, 202603, or a date in it. Raises BadCell."""
    if isinstance(cell, datetime | date):
        return date(cell.year, cell.month, 1)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = text_of(cell)
    found = _MONTH.match(text)
    try:
        return date(int(found[1]), int(found[2]), 1) if found else values.a_date(cell, sheet).replace(day=1)
    except (BadCell, ValueError):
        raise BadCell(gettext_noop("This is no month: write it as 2026-03.")) from None


def _number(most: Decimal, places: str, text: str) -> values.Read:
    def read(cell: Cell, sheet: CellRules) -> Decimal:
        try:
            found = Decimal(text_of(cell).replace(",", "").replace("，", "").replace("¥", "").replace("￥", ""))
            if not found.is_finite() or not 0 <= found <= most:
                raise BadCell(text)
            return found.quantize(Decimal(places))
        except InvalidOperation:
            raise BadCell(text) from None

    return read


@dataclass(frozen=True, slots=True)
class _Known:
    """What some rows name: people by document and by worker id, and their work."""

    by_number: dict[str, Person]
    by_worker: dict[str, Person]
    work: Work


class PayrollImporter(Importer):
    """A payroll of one month, or of several. A second import of a month replaces the first."""

    key: ClassVar[str] = "payroll"
    name: ClassVar[StrPromise] = _("Payroll")
    permission: ClassVar[Permission] = Permission.CHANGE_WAGES
    lead: ClassVar[StrPromise] = _(
        "Each row is what one person is paid for one month. A month that is here is replaced."
    )
    order: ClassVar[int] = 60
    fields: ClassVar[tuple[ImportField, ...]] = (
        import_field("name", _("Name"), cells.name, "姓名|工人姓名|full name", needed=True),
        import_field(
            "id_number",
            _("Id number"),
            cells.digits,
            "身份证号|身份证号码|身份证|证件号码",
            note=_("This or the worker id."),
        ),
        import_field("worker_id", _("Worker id"), values.an_id, "工号|人员编号|worker"),
        import_field("site", _("Site"), values.name(120), "工地|项目|项目名称|工地名称|项目编号|project"),
        import_field("month", _("Month"), read_month, "月份|工资月份|年月|考勤月份|wage month", needed=True),
        import_field(
            "days",
            _("Paid days"),
            _number(DAYS_MAX, "0.01", gettext_noop("Paid days are a number from 0 to 31.")),
            "出勤天数|计薪天数|工日|出勤|考勤天数|天数|days",
            needed=True,
        ),
        import_field(
            "amount",
            _("Amount"),
            _number(AMOUNT_MAX, "0.01", gettext_noop("The amount is a number that is not negative.")),
            "实发工资|实发金额|应发工资|应发金额|工资|金额|wage|pay",
        ),
    )

    def __init__(self, user: SignedIn) -> None:
        super().__init__(user)
        sites = Project.objects.visible_to(user, Permission.CHANGE_WAGES).select_related("place")
        self._sites: dict[str, list[Project]] = {}
        self._only = list(sites[:2])
        for site in sites:
            for text in {site.site_id, site.place.name, site.code} - {""}:
                self._sites.setdefault(matched(text), []).append(site)
        scope = user.scope(Permission.CHANGE_WAGES)
        self._employers = None if scope.ranges else scope.enterprises
        self._seen: dict[tuple[PayrollKey, int], int] = {}
        settled = Payroll.objects.filter(settled__isnull=False)
        self._settled = {PayrollKey(*key) for key in settled.values_list("project_id", "enterprise_id", "month")}

    def plan(self, rows: Sequence[SheetRow]) -> Iterator[PlannedRow]:
        """Say what each row pays whom."""
        known = self._known(rows)
        for row in rows:
            yield self._planned(row, known)

    def write(self, changes: Sequence[RowChange]) -> None:
        """Replace each month that the file names."""
        payrolls: defaultdict[PayrollKey, list[PaidPerson]] = defaultdict(list)
        for change in changes:
            key, paid = change.data
            payrolls[key].append(paid)
        for key, people in payrolls.items():
            replace_payroll(self.user, key, people)

    def _known(self, rows: Sequence[SheetRow]) -> _Known:
        numbers = {document_index(n): n for row in rows if (n := row.values.get("id_number"))}
        documents = IdDocument.objects.filter(number_index__in=numbers, kind=rules.RESIDENT).select_related("person")
        by_number = {numbers[one.number_index]: survivor(one.person) for one in documents}
        ids = {row.values["worker_id"] for row in rows if row.values.get("worker_id")}
        by_worker = {one.worker_id: survivor(one) for one in Person.objects.filter(worker_id__in=ids)}
        people = {one.pk for one in (*by_number.values(), *by_worker.values())}
        return _Known(by_number, by_worker, Work(people))

    def _planned(self, row: SheetRow, known: _Known) -> PlannedRow:
        given = row.values
        person = known.by_number.get(given.get("id_number") or "") or known.by_worker.get(given.get("worker_id") or "")
        if person is None:
            text = gettext_noop("Nobody with this number is registered: compare it, or register the person first.")
            return RowProblem(row.number, text, key="id_number" if given.get("id_number") else "worker_id")
        if matched(person.name) != matched(given["name"]):
            text = gettext_noop("This number is registered under another name: compare number and name.")
            return RowProblem(row.number, text, key="name")
        site = self._site(given.get("site") or "")
        if site is None:
            text = gettext_noop("This is not one of your sites: write its name or id.")
            return RowProblem(row.number, text, key="site")
        work = known.work.on(person.pk, site.pk, month_days(given["month"])[-1])
        if work is None or (self._employers is not None and work.enterprise_id not in self._employers):
            text = gettext_noop("This person did not work for you on this site: compare site and month.")
            return RowProblem(row.number, text, key="site")
        return self._paid(row, person, PayrollKey(site.pk, work.enterprise_id, given["month"]))

    def _paid(self, row: SheetRow, person: Person, key: PayrollKey) -> PlannedRow:
        first = self._seen.setdefault((key, person.pk), row.number)
        if first != row.number:
            text = gettext_noop("This person stands in row %(first)s already: keep one of both.")
            return RowProblem(row.number, text, {"first": first})
        if key in self._settled:
            text = gettext_noop("The wages of this month are settled: put the difference into the next payroll.")
            return RowProblem(row.number, text, key="month")
        paid = PaidPerson(person.pk, row.values["days"], row.values.get("amount"))
        return RowChange(row.number, RowAction.ADD, row.values["name"], data=(key, paid))

    def _site(self, text: str) -> Project | None:
        found = self._sites.get(matched(text), []) if text else self._only
        return found[0] if len(found) == 1 else None


IMPORTERS: tuple[type[Importer], ...] = (PayrollImporter,)
