"""Store what a site declares for a day."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.audit.record import record
from district.emergency.models import EmergencyMeasure
from district.people.models import in_force
from district.places.models import Enterprise, Project, Subcontract
from district.supplies.models import EmployerCount, SiteReport, SupplyLine
from district.supplies.registry.needs import measure_of, policy_of
from district.supplies.registry.requests import Finding, open_requests
from district.supplies.rules.counts import (
    PEOPLE_FIELDS,
    IsolationPlaces,
    PeopleCounts,
    check_counts,
    check_day,
    check_isolation,
)
from district.supplies.rules.items import StockFigures, check_stock
from district.supplies.rules.refusals import SuppliesRefused


@dataclass(frozen=True)
class SiteFigures:
    """What a site declares of itself."""

    rooms: IsolationPlaces
    stocks: Sequence[StockFigures]


@transaction.atomic
def declare_day(
    by: object,
    project: Project,
    people: Mapping[int, PeopleCounts],
    site: SiteFigures | None = None,
    *,
    day: date | None = None,
    seen: str | None = None,
) -> None:
    """Store the people of employers (by their keys), and the site's own figures, of a day. Again: it corrects them.

    `seen`: the `version_of` the day that the writer looked at. Raises SuppliesRefused.
    """
    project = Project.objects.select_for_update(of=("self",)).select_related("place").get(pk=project.pk)
    measure = measure_of(project)
    day = check_day(day or timezone.localdate(), timezone.localdate(), measure.starts)
    before = _figures(project, day)
    if seen is not None and seen != version_of(project, day):
        said = _said(people, site)
        if said and before == {**before, **said}:
            return  # the same once more: a second press of the button
        raise SuppliesRefused(
            gettext_noop("Somebody else declared for this day meanwhile. Look at the numbers, then send yours again.")
        )
    working = {one.pk for one in employers_of(project, day)}
    if not set(people) <= working:
        raise SuppliesRefused(gettext_noop("An employer does not work on this site on this day: add its contract."))
    for enterprise, counts in people.items():
        _keep_counts(by, measure, project, enterprise, check_counts(counts), day)
    if site is not None:
        _keep_site(by, measure, project, site, day)
    _sum_people(project, day)
    after = _figures(project, day)
    changed = [name for name in after if before.get(name) != after[name]]
    record(by, "declare day", project, fields=sorted({_column(name) for name in changed}), details=_says(day))
    if day == timezone.localdate():
        finding = Finding(by, project, measure, policy_of(measure).needs, day)
        open_requests(finding, people, site is not None)


def employers_of(project: Project, day: date) -> list[Enterprise]:
    """Return who has people on a site on a day, the general contractor first."""
    held = Subcontract.objects.filter(in_force(day), starts__lte=day, project=project).values("enterprise")
    found = Enterprise.objects.filter(Q(pk__in=held) | Q(pk=project.general_contractor_id))
    return sorted(found, key=lambda one: (one.pk != project.general_contractor_id, one.name, one.pk))


def version_of(project: Project, day: date) -> str:
    """Return a mark that changes whenever somebody declares for a day."""
    rows = [*EmployerCount.objects.filter(project=project, date=day).values_list("changed", flat=True)]
    rows += SiteReport.objects.filter(project=project, date=day).values_list("changed", flat=True)
    return max(rows).isoformat() if rows else ""


def _keep_counts(
    by: object, measure: EmergencyMeasure, project: Project, enterprise: int, counts: PeopleCounts, day: date
) -> None:
    EmployerCount.objects.update_or_create(
        project=project,
        enterprise_id=enterprise,
        date=day,
        defaults={
            "measure": measure,
            "by": str(by)[:150],
            "changed": timezone.now(),
            **asdict(counts),
        },
    )


def _keep_site(by: object, measure: EmergencyMeasure, project: Project, site: SiteFigures, day: date) -> None:
    rooms = check_isolation(site.rooms)
    report, _new = SiteReport.objects.update_or_create(
        project=project,
        date=day,
        defaults={
            "measure": measure,
            "by": str(by)[:150],
            "changed": timezone.now(),
            "isolation_places": rooms.places,
            "isolation_used": rooms.used,
        },
    )
    report.lines.all().delete()
    SupplyLine.objects.bulk_create(
        SupplyLine(report=report, item=one.item.value, stock=one.stock, daily_use=one.daily_use)
        for one in map(check_stock, site.stocks)
    )


def _sum_people(project: Project, day: date) -> None:
    """Keep the sum of the employers beside the site's figures: thermometers are wanted for so many people."""
    total = EmployerCount.objects.filter(project=project, date=day).aggregate(n=Sum("back"))["n"] or 0
    SiteReport.objects.filter(project=project, date=day).update(people=total)


def _figures(project: Project, day: date) -> dict[str, Any]:
    """Return all figures of a day by name, to tell what a correction changed."""
    found: dict[str, Any] = {}
    for row in EmployerCount.objects.filter(project=project, date=day):
        for name in PEOPLE_FIELDS:
            found[f"{name}:{row.enterprise_id}"] = getattr(row, name)
    for report in SiteReport.objects.filter(project=project, date=day):
        found["isolation_places"], found["isolation_used"] = report.isolation_places, report.isolation_used
        for line in report.lines.all():
            found[f"stock:{line.item}"], found[f"daily_use:{line.item}"] = line.stock, line.daily_use
    return found


def _said(people: Mapping[int, PeopleCounts], site: SiteFigures | None) -> dict[str, int]:
    """Return what somebody sends, by the names of `_figures`."""
    found = {f"{name}:{key}": value for key, counts in people.items() for name, value in asdict(counts).items()}
    if site is not None:
        found |= {"isolation_places": site.rooms.places, "isolation_used": site.rooms.used}
        for one in site.stocks:
            found |= {f"stock:{one.item.value}": one.stock, f"daily_use:{one.item.value}": one.daily_use}
    return found


def _column(name: str) -> str:
    return name.partition(":")[0]


def _says(day: date) -> dict[str, str]:
    return {"day": day.isoformat()}
