"""What lists show: sites with who has declared, people who have not, declarations."""

from typing import Any

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from district.days import start_of_day
from district.declarations.models import DeclaredState, HealthDeclaration, TemperatureReading
from district.declarations.rules.freshness import TWICE
from district.declarations.states import hours_of, latest_now
from district.emergency.models import EmergencyMeasure
from district.emergency.registry import below_measures, running
from district.emergency.rules import MeasureKind
from district.people.models import Assignment, Person, in_force
from district.permissions import Permission
from district.places.models import Project
from district.scope import NOTHING, Account


def asking_sites_of(user: Account) -> "QuerySet[Any]":
    """Return the open sites of an account where a measure asks for declarations."""
    rows: QuerySet[Any] = Project.objects.visible_to(user, Permission.SEE_HEALTH)
    return rows.filter(below_measures(MeasureKind.DECLARATIONS), closed=None)


def counted_sites(user: Account) -> "QuerySet[Any]":
    """Return these sites with people at work, those without a valid declaration, and abnormal ones of today."""
    work = _at_work(user).filter(project=OuterRef("pk"))
    today = HealthDeclaration.objects.visible_to(user).kept().filter(project=OuterRef("pk"), day=timezone.localdate())
    rows: QuerySet[Any] = asking_sites_of(user).annotate(
        people=_counted(work),
        missing=_counted(work.filter(~Exists(_valid()))),
        abnormal=_counted(today.exclude(abnormal="")),
    )
    return rows


def counts_below(measure: EmergencyMeasure) -> tuple[int, int]:
    """Return how many people are at work below a measure's place, and how many without a valid declaration."""
    first, end = measure.place.branch
    today = timezone.localdate()
    rows = Assignment.objects.filter(in_force(today), starts__lte=today, project__closed=None)
    rows = rows.filter(project__place__path__gte=first, project__place__path__lt=end).order_by()
    missing = rows.filter(~Exists(_valid())).values("person").distinct().count()
    return rows.values("person").distinct().count(), missing


def missing_people(user: Account) -> "QuerySet[Any]":
    """Return the work of people whose declaration is missing, is over, or waits for a decision."""
    sites = asking_sites_of(user).order_by().values("pk")
    held = DeclaredState.objects.kept().filter(person=OuterRef("person")).order_by().values("held")[:1]
    last = DeclaredState.objects.kept().filter(person=OuterRef("person")).order_by().values("counts")[:1]
    rows: QuerySet[Any] = _at_work(user).filter(~Exists(_valid()), project__in=sites)
    found: QuerySet[Any] = rows.annotate(held=Subquery(held), last=Subquery(last))
    return found.select_related("person", "project__place", "enterprise", "team")


def temperatures_due(user: Account) -> "QuerySet[Any]":
    """Return the work of people of chosen trades of whom fewer than two temperatures were taken today. How far these
    lie apart stands on the person's page.
    """
    asked, today = NOTHING, timezone.localdate()
    for measure in _measures():
        policy = getattr(measure, "declaration_policy", None)
        trades = policy.twice_daily_trades.split() if policy else []
        first, end = measure.place.branch
        asked |= Q(trade__in=trades, project__place__path__gte=first, project__place__path__lt=end)
    begins = start_of_day(today)
    apart = TemperatureReading.objects.kept().filter(person=OuterRef("person"), taken__gte=begins)
    declared = HealthDeclaration.objects.kept().filter(person=OuterRef("person"), declared__gte=begins)
    rows: QuerySet[Any] = _at_work(user).filter(asked, project__closed=None)
    rows = rows.annotate(taken=_of_person(apart) + _of_person(declared.exclude(temperature="")))
    return rows.filter(taken__lt=TWICE).select_related("person", "project__place", "enterprise", "team")


def declarations_of(user: Account) -> "QuerySet[Any]":
    """Return the declarations that an account sees, without their encrypted parts."""
    rows: QuerySet[Any] = HealthDeclaration.objects.visible_to(user).kept()
    return rows.select_related("person", "project__place", "enterprise").defer("symptoms", "temperature")


def declaring_person(user: Account, key: int, permission: Permission = Permission.SEE_HEALTH) -> Person | None:
    """Return a person who works on a site where a measure asks, in the account's scope."""
    found = _work_of(user, key, permission).select_related("person").first()
    return None if found is None or found.person.erased is not None else found.person


def own_sites(user: Account, key: int, permission: Permission) -> set[int]:
    """Return the sites where a person works in the account's scope."""
    return set(_work_of(user, key, permission).order_by().values_list("project", flat=True))


def _work_of(user: Account, key: int, permission: Permission) -> "QuerySet[Any]":
    scope = user.scope(permission)
    rows: QuerySet[Any] = Assignment.objects.filter(scope.places("project__place__path") | scope.employers())
    sites = asking_sites_of(user).order_by().values("pk")
    return rows.filter(in_force(timezone.localdate()), person=key, project__in=sites)


def _at_work(user: Account) -> "QuerySet[Any]":
    """Return the work of today on sites in the scope, and that of the account's enterprises."""
    today = timezone.localdate()
    rows: QuerySet[Any] = Assignment.objects.visible_to(user, Permission.SEE_HEALTH)
    return rows.filter(in_force(today), starts__lte=today)


def _valid() -> "QuerySet[Any]":
    """Return the state of the person of an outer row, if a declaration counts."""
    now, counts = timezone.now(), NOTHING
    for measure in _measures():
        counts |= Q(measure=measure, counts__gt=now - hours_of(measure), counts__lte=latest_now())
    rows: QuerySet[Any] = DeclaredState.objects.filter(counts, person=OuterRef("person"))
    return rows


def _measures() -> list[EmergencyMeasure]:
    return list(running(MeasureKind.DECLARATIONS).select_related("place", "declaration_policy"))


def _of_person(rows: "QuerySet[Any]") -> Coalesce:
    """Count rows of an outer person."""
    found = rows.order_by().values("person").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(found, output_field=IntegerField()), Value(0))


def _counted(rows: "QuerySet[Any]") -> Coalesce:
    """Count people of an outer site."""
    found = rows.order_by().values("project").annotate(n=Count("person", distinct=True)).values("n")
    return Coalesce(Subquery(found, output_field=IntegerField()), Value(0))
