"""Which sites a measure asks for declarations, and which of them declared on a day."""

from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from district.emergency.registry import below_measures
from district.emergency.rules import MeasureKind
from district.people.models import in_force
from district.permissions import Permission
from district.places.models import Project, Subcontract
from district.scope import Account
from district.supplies.models import EmployerCount, SiteReport, SupplyLine, SupplyPolicy, open_sites, site_q


def sites_asked(user: Account, permission: Permission = Permission.SEE_SUPPLIES) -> "QuerySet[Any]":
    """Return the sites that an account sees and that a measure asks, its enterprises' as subcontractors too."""
    rows = Project.objects.visible_to(user, permission)
    asked = rows.filter(below_measures(MeasureKind.SUPPLIES), open_sites(timezone.localdate()))
    return asked.select_related("place", "general_contractor")


def answers_for(user: Account, project: Project, permission: Permission = Permission.SEE_SUPPLIES) -> bool:
    """Say whether an account answers for a whole site, and not only for a subcontractor's people."""
    scope = user.scope(permission)
    return not scope.empty and Project.objects.filter(site_q(scope, ""), pk=project.pk).exists()


def with_state(rows: "QuerySet[Any]", day: date) -> "QuerySet[Any]":
    """Add to sites whether they declared on a day: `has_report`, and `lacks_employer` if an employer is missing."""
    counts = EmployerCount.objects.kept().filter(project=OuterRef("pk"), date=day)
    told = EmployerCount.objects.filter(project=OuterRef("project"), enterprise=OuterRef("enterprise"), date=day)
    silent = Subcontract.objects.filter(in_force(day), ~Exists(told), starts__lte=day, project=OuterRef("pk"))
    found: QuerySet[Any] = rows.annotate(
        has_report=Exists(SiteReport.objects.kept().filter(project=OuterRef("pk"), date=day)),
        has_people=Exists(counts),
        lacks_employer=Exists(silent),
    )
    return found


def with_figures(rows: "QuerySet[Any]", user: Account, day: date) -> "QuerySet[Any]":
    """Add the sums of a day that an account sees, and how many stocks are short."""
    counts = EmployerCount.objects.visible_to(user).kept().filter(project=OuterRef("pk"), date=day)

    def total(name: str) -> Subquery:
        summed = counts.order_by().values("project").annotate(n=Sum(name)).values("n")
        return Subquery(summed, output_field=IntegerField())

    lines = SupplyLine.objects.visible_to(user).filter(SHORT, report__project=OuterRef("pk"), report__date=day)
    short = lines.order_by().values("report__project").annotate(n=Count("pk")).values("n")
    found: QuerySet[Any] = rows.annotate(
        expected=total("expected"),
        back=total("back"),
        from_listed=total("from_listed"),
        abnormal=total("abnormal"),
        short=Coalesce(Subquery(short, output_field=IntegerField()), 0),
    )
    return found


def policy_value(name: str) -> Coalesce:
    """Return a number of the rules for lines of reports. A join would lose the lines of a measure without rules."""
    held = SupplyPolicy.objects.filter(measure=OuterRef("report__measure")).values(name)
    return Coalesce(Subquery(held), getattr(SupplyPolicy(), name))


SHORT = Q(daily_use__gt=0, stock__lt=F("daily_use") * policy_value("short_days")) | Q(
    item="thermometers", report__people__gt=F("stock") * policy_value("people_per_thermometer")
)
"""The filter for short stocks, as `rules.items.state_of` says."""
FILED = Q(has_report=True, lacks_employer=False)


def missing(user: Account, day: date) -> "QuerySet[Any]":
    """Return the sites in an account's scope that have not declared all of a day."""
    return with_state(sites_asked(user), day).exclude(FILED)


def short_today(user: Account, day: date) -> "QuerySet[Any]":
    """Return the short stocks that an account sees in the reports of a day."""
    rows = SupplyLine.objects.visible_to(user).filter(SHORT, report__date=day)
    return rows.filter(report__in=SiteReport.objects.kept())
