"""What follows here when others ask for or erase data of a person."""

from typing import Any

from django.db.models import Q
from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from district.cases.models import Case
from district.people.held import HeldTable
from district.people.models import Person
from district.people.registry.merging import records_of
from district.people.signals import data_asked, erased


@receiver(erased)
def forget_cases(person: Person, **_more: Any) -> None:
    """Erase the cases about a person whose identity is erased. What the person reported stays, without the name."""
    Case.objects.filter(person=person).delete()
    Case.objects.filter(reporter_person=person).update(discreet=True)


@receiver(data_asked)
def show_cases(person: Person, **_more: Any) -> list[HeldTable]:
    """Return what is held of a person in cases: those about the person, and those that the person reported.

    The employer reads this list too. A report that is kept from the site is left out: the worker's phone shows it.
    """
    records = records_of(person)
    known = Q(person__in=records) | Q(reporter_person__in=records, discreet=False)
    rows = list(Case.objects.filter(known).order_by("-made"))
    if not rows:
        return []
    shown = [
        {
            _("Case no."): row.number,
            _("Type"): row.get_kind_display(),
            _("Reported"): row.made,
            pgettext("case", "Closed"): row.closed,
        }
        for row in rows
    ]
    purpose, ground = _("Somebody must act, and others must see that it was done"), _("The site's duty of care")
    kept = _("Until the measure ends; without one two years after it closed")
    return [HeldTable(_("Cases"), shown, purpose, ground, kept, sensitive=True)]
