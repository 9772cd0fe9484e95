"""What follows here when others ask for, merge or erase data of a person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from district.declarations.gates import gate_hours
from district.declarations.models import (
    DeclarationPolicy,
    DeclaredState,
    HealthDeclaration,
    OfDeclarant,
    Stopover,
    TemperatureReading,
    Trip,
)
from district.declarations.states import count_again, declared_for_gates
from district.exchange.signals import declared_asked, hours_asked
from district.people.held import HeldTable
from district.people.models import Person
from district.people.signals import data_asked, erased, merged
from district.places.models import Project

_TABLES: tuple[type[OfDeclarant], ...] = (HealthDeclaration, Trip, Stopover, TemperatureReading, DeclaredState)


@receiver(declared_asked)
def tell_declared(worker_ids: Sequence[str], **_more: Any) -> dict[str, datetime] | None:
    """Say which declaration counts at gates. None, where no measure ever said what it asks for."""
    if not DeclarationPolicy.objects.exists():
        return None
    people = dict(Person.objects.filter(worker_id__in=worker_ids).values_list("pk", "worker_id"))
    return {people[one]: when for one, when in declared_for_gates(people).items()}


@receiver(hours_asked)
def tell_hours(project: Project, **_more: Any) -> tuple[bool, int | None] | None:
    """Say how old a declaration may be at the gates of a site. None, where no measure ever said what it asks for."""
    if not DeclarationPolicy.objects.exists():
        return None
    return True, gate_hours(project)


@receiver(erased)
def forget_declared(person: Person, **_more: Any) -> None:
    """Delete all declarations of a person whose identity is erased."""
    for model in _TABLES:
        model.objects.filter(person=person).delete()


@receiver(merged)
def count_both_again(gained: Person, lost: Person, **_more: Any) -> None:
    """Count both again: declarations moved from one record to the other."""
    count_again([gained.pk, lost.pk])


@receiver(data_asked)
def show_declared(person: Person, **_more: Any) -> list[HeldTable]:
    """Return what is held of a person's declarations, newest first."""
    purpose, ground = _("Find contacts early"), _("The measure in force names it")
    kept = _("Until the measure ends, or the days that it names")
    tables = (
        (_("Declarations of health"), HealthDeclaration, _declaration),
        (_("Trips"), Trip, _trip),
        (_("Places of stay"), Stopover, _stay),
        (_("Temperatures"), TemperatureReading, _reading),
    )
    return [
        HeldTable(label, [shown(row) for row in rows], purpose, ground, kept, sensitive=True)
        for label, model, shown in tables
        if (rows := list(model.objects.filter(person=person).order_by("-made")))
    ]


def _declaration(row: Any) -> dict[str, Any]:
    return {
        _("At what time"): f"{timezone.localtime(row.declared):%Y-%m-%d %H:%M}",
        _("Symptoms"): row.symptoms,
        _("Temperature"): row.temperature,
        _("Declared by"): row.by,
    }


def _trip(row: Any) -> dict[str, Any]:
    return {_("Day"): row.day, _("Number"): row.number, _("From"): row.from_code, _("To"): row.to_code}


def _stay(row: Any) -> dict[str, Any]:
    return {_("Place"): row.area, _("From"): row.from_day, _("Until"): row.until_day}


def _reading(row: Any) -> dict[str, Any]:
    when = f"{timezone.localtime(row.taken):%Y-%m-%d %H:%M}"
    return {_("At what time"): when, _("Temperature"): row.degrees, _("Source"): row.source}
