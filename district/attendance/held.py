"""What attendance holds about one person, for the person's own page and file."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from district.attendance.models import Correction, Day, MonthConfirmation, Passage, PayrollLine, PhoneMark
from district.people.held import HeldTable
from district.people.models import Person


def held_by_attendance(person: Person) -> list[HeldTable]:
    """Return passages, days, requests, answers, marks and wages of a person, newest first."""
    kept = _("Three years after the wages are settled")
    ground = _("Regulation on Wages of Migrant Workers, Art. 28")
    wages = _("Hours for the wages")
    passages = Passage.objects.filter(person=person).select_related("project__place", "line").order_by("-utc")
    days = Day.objects.filter(person=person).select_related("project__place").order_by("-date")
    requests = Correction.objects.filter(person=person).select_related("project__place").order_by("-asked")
    answers = MonthConfirmation.objects.filter(person=person).select_related("project__place").order_by("-month")
    marks = PhoneMark.objects.filter(person=person).select_related("entrance").order_by("-utc")
    lines = PayrollLine.objects.filter(person=person).select_related("payroll__enterprise")
    return [
        HeldTable(_("Passages"), _rows(passages, _passage), _("Who is on the site, and hours"), ground, kept),
        HeldTable(_("Days"), _rows(days, _day), wages, ground, kept),
        HeldTable(_("Corrections"), _rows(requests, _request), wages, ground, kept),
        HeldTable(_("Confirmed months"), _rows(answers, _answer), wages, ground, kept),
        HeldTable(_("Marks on the phone"), _rows(marks, _mark), _("Sites without a gate"), ground, kept),
        HeldTable(_("Payrolls"), _rows(lines.order_by("-payroll__month"), _line), wages, ground, kept, sensitive=True),
    ]


def _rows(rows: "QuerySet[Any]", shown: Callable[[Any], dict[str, Any]]) -> list[dict[str, Any]]:
    return [shown(row) for row in rows]


def _clock(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else ""


def _passage(row: Any) -> dict[str, Any]:
    gate = row.line.gate_id if row.source == Passage.Source.GATE else row.get_source_display()
    way = row.get_direction_display()
    return {_("At what time"): _clock(row.utc), _("Site"): str(row.project), _("Direction"): way, _("Source"): gate}


def _day(row: Any) -> dict[str, Any]:
    return {
        _("Day"): row.date,
        _("Site"): str(row.project),
        _("First in"): _clock(row.first_in),
        _("Last out"): _clock(row.last_out),
        _("Hours"): round(row.seconds / 3600, 2),
    }


def _request(row: Any) -> dict[str, Any]:
    return {
        _("At what time"): _clock(row.utc),
        _("Asked"): row.get_kind_display(),
        _("Reason"): row.why,
        _("State"): row.get_state_display(),
    }


def _answer(row: Any) -> dict[str, Any]:
    said = "" if row.agrees is None else _("yes") if row.agrees else row.objection
    return {_("Month"): f"{row.month:%Y-%m}", _("Site"): str(row.project), _("Confirmed"): said}


def _mark(row: Any) -> dict[str, Any]:
    return {
        _("At what time"): _clock(row.utc),
        _("Entrance"): row.entrance.name,
        _("Direction"): row.direction,
        _("Distance in metres"): row.distance_m,
    }


def _line(row: Any) -> dict[str, Any]:
    return {
        _("Month"): f"{row.payroll.month:%Y-%m}",
        _("Employer"): str(row.payroll.enterprise),
        _("Paid days"): row.days,
        _("Amount"): row.amount,
    }
