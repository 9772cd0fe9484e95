"""What follows here when orders begin and end, and when others ask for, merge or erase data of a person."""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from district.exchange import outbox
from district.exchange.models import OutboxRow
from district.people.held import HeldTable
from district.people.holds import Hold
from district.people.models import Person
from district.people.signals import data_asked, erased, holds_asked, merged
from district.quarantine.models import QuarantineOrder
from district.quarantine.signals import ordered, released


@receiver(ordered)
def close_gates(order: QuarantineOrder, **_more: Any) -> None:
    """Ask the gates of a worker's sites to hold the worker. An order of a later day goes out on that day."""
    if order.person is not None and order.starts <= timezone.localdate():
        outbox.put(OutboxRow.Kind.RISK, order.person.worker_id)
        QuarantineOrder.objects.filter(pk=order.pk).update(gates_told=timezone.now())


@receiver(released)
def open_gates(order: QuarantineOrder, **_more: Any) -> None:
    """Ask the gates to admit a worker again."""
    if order.person is not None:
        outbox.put(OutboxRow.Kind.RISK, order.person.worker_id)


@receiver(merged)
def tell_of_merge(gained: Person, lost: Person, **_more: Any) -> None:
    """Tell HQ of both worker ids when an order moved to another record."""
    if QuarantineOrder.objects.filter(person__in=[gained.pk, lost.pk], released=None).exists():
        outbox.put_all(OutboxRow.Kind.RISK, [gained.worker_id, lost.worker_id])


@receiver(holds_asked)
def hold_while_in_quarantine(person: Person, **_more: Any) -> list[Hold]:
    """Keep who is in quarantine until the release, or until the measure ends: somebody answers for the person."""
    rows = QuarantineOrder.objects.kept().filter(person=person, released=None).select_related("measure")
    reason = _("An emergency measure needs the data.")
    return [Hold(reason, one.measure.legal_basis, one.measure.ends) for one in rows]


@receiver(erased)
def forget_quarantine(person: Person, **_more: Any) -> None:
    """Delete the orders of a person whose identity is erased, and open the gates."""
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
    asked = [
        {_("Day"): timezone.localtime(one.asked).date(), _("Need"): one.text} for row in rows for one in row.needs.all()
    ]
    purpose, ground = _("Quarantine is followed"), _("The measure in force names it")
    kept = _("Until the measure ends, or the days that it names")
    tables = [(_("Quarantine"), shown), (_("Needs in quarantine"), asked)]
    return [HeldTable(label, found, purpose, ground, kept, sensitive=True) for label, found in tables if found]
