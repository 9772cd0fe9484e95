"""What follows here when others ask for or erase data of a person."""

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from district.people.held import HeldTable
from district.people.models import Person
from district.people.signals import data_asked, erased
from district.quarantine.models import QuarantineOrder


@receiver(erased)
def forget_quarantine(person: Person, **_more: Any) -> None:
    """Delete the orders of a person whose identity is erased. Who closed gates for one hears of it."""
    rows = QuarantineOrder.objects.filter(person=person)
    QuarantineOrder.before_erasing(rows)
    rows.delete()


@receiver(data_asked)
def show_quarantine(person: Person, **_more: Any) -> list[HeldTable]:
    """Return what is held of a person's quarantine. It never says who the case was."""
    rows = list(QuarantineOrder.objects.filter(person=person).order_by("-starts"))
    if not rows:
        return []
    shown = [
        {_("From"): row.starts, _("Until"): row.ends, _("Place"): row.where, _("Outcome"): row.outcome} for row in rows
    ]
    purpose, ground = _("Quarantine is followed"), _("The measure in force names it")
    kept = _("Until the measure ends, or the days that it names")
    return [HeldTable(_("Quarantine"), shown, purpose, ground, kept, sensitive=True)]
