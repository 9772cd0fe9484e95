"""What follows here when others ask for or erase data of a person."""

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from district.people.held import HeldTable
from district.people.holds import Hold
from district.people.models import Person
from district.people.signals import data_asked, erased, holds_asked
from district.tracing.models import Contact, Investigation


@receiver(holds_asked)
def hold_while_followed(person: Person, **_more: Any) -> list[Hold]:
    """Keep who is followed until the measure ends. The reason is the same for a case and a contact."""
    followed = Contact.objects.kept().filter(person=person, released=None, investigation__closed=None)
    measures = [one.investigation.measure for one in followed.select_related("investigation__measure")]
    traced = Investigation.objects.kept().filter(person=person, closed=None).select_related("measure")
    measures += [one.measure for one in traced]
    return [Hold(_("An emergency measure needs the data."), one.legal_basis, one.ends) for one in measures]


@receiver(erased)
def forget_traced(person: Person, **_more: Any) -> None:
    """Delete what is held of a person whose identity is erased."""
    Contact.objects.filter(person=person).delete()
    Investigation.objects.filter(person=person).delete()


@receiver(data_asked)
def show_traced(person: Person, **_more: Any) -> list[HeldTable]:
    """Return that somebody was followed as a contact, and what the calls brought. It names no other person."""
    rows = list(Contact.objects.filter(person=person).order_by("-last", "-pk").prefetch_related("calls"))
    if not rows:
        return []
    purpose, ground = _("Find contacts early"), _("The measure in force names it")
    kept = _("Until the measure ends, or the days that it names")
    shown = [
        {
            _("Last day of contact"): row.last_day,
            _("What the call brought"): str(row.get_outcome_display()),
            _("Note of the call"): "; ".join(call.note for call in row.calls.all() if call.note),
        }
        for row in rows
    ]
    return [HeldTable(_("Contact tracing"), shown, purpose, ground, kept, sensitive=True)]
