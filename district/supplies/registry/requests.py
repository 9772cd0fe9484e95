"""Open cases for what a declaration shows: shortage, no isolation place, people who are not well."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext, override

from district.accounts.models import User
from district.cases.registry import open_case
from district.cases.rules import CaseKind
from district.emergency.models import EmergencyMeasure
from district.places.models import Project
from district.supplies.models import EmployerCount, SiteReport
from district.supplies.names import ITEM_NAMES
from district.supplies.rules.counts import IsolationPlaces
from district.supplies.rules.items import SupplyItem, SupplyNeeds, days_left, lacking

SOURCE = "supplies"


@dataclass(frozen=True)
class Finding:
    """Who declared what, where and for which day."""

    by: object
    project: Project
    measure: EmergencyMeasure
    needs: SupplyNeeds
    day: date


def shortage_key(project: Project, item: str) -> str:
    """Return the key of a site's request: while it is open, the same shortage opens no second one."""
    return f"supplies:{project.pk}:{item}"


def open_requests(found: Finding, employers: Iterable[int], site_declared: bool) -> None:
    """Open the cases of a day. Call it in the transaction of the declaration."""
    with override(settings.LANGUAGE_CODE):
        _not_well(found, employers)
        report = SiteReport.objects.filter(project=found.project, date=found.day).first()
        if site_declared and report is not None:
            _shortages(found, report)


def _shortages(found: Finding, report: SiteReport) -> None:
    for line in report.lines.select_related("report"):
        figures = line.figures
        amount, days = lacking(figures, found.needs), days_left(figures)
        if amount == 0:
            continue
        name = str(ITEM_NAMES[SupplyItem(line.item)])
        lasts = gettext("It lasts %(days)s days.") % {"days": days} if days is not None else ""
        text = gettext("%(stock)s in stock, %(use)s used each day, %(amount)s lack.") % {
            "stock": line.stock,
            "use": line.daily_use,
            "amount": amount,
        }
        title = gettext("%(item)s lack at %(site)s") % {"item": name, "site": found.project}
        _open(found, CaseKind.SHORTFALL, title, f"{text} {lasts}".strip(), shortage_key(found.project, line.item))
    if IsolationPlaces(report.isolation_places, report.isolation_used).lacking:
        title = gettext("No isolation place is free at %(site)s") % {"site": found.project}
        text = gettext("%(used)s of %(places)s isolation places are in use.") % {
            "used": report.isolation_used,
            "places": report.isolation_places,
        }
        _open(found, CaseKind.SHORTFALL, title, text, shortage_key(found.project, "isolation"))


def _not_well(found: Finding, employers: Iterable[int]) -> None:
    rows = EmployerCount.objects.filter(
        project=found.project, date=found.day, enterprise__in=list(employers), abnormal__gt=0
    )
    for row in rows.select_related("enterprise"):
        title = gettext("%(count)s people not well at %(site)s") % {"count": row.abnormal, "site": found.project}
        key = f"supplies:abnormal:{found.project.pk}:{row.enterprise_id}:{found.day}"
        _open(found, CaseKind.DECLARATION, title, row.enterprise.name, key, enterprise=row.enterprise)


def _open(found: Finding, kind: CaseKind, title: str, text: str, key: str, **more: Any) -> None:
    open_case(
        kind,
        found.project.place,
        title=title,
        text=text,
        measure=found.measure,
        source=SOURCE,
        key=key,
        reporter=found.by if isinstance(found.by, User) else None,
        **more,
    )
