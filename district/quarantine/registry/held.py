"""Lock an order, and ask who answers for its person."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from district.emergency.registry import measure_at, running
from district.emergency.rules import MeasureKind
from district.places.models import Place
from district.quarantine.models import OPEN_OFFER, QuarantineHandOver, QuarantineOrder
from district.quarantine.rules import Custody, Offer, QuarantineRefused


def orders_in_force() -> "QuerySet[Any]":
    """Return the orders that nobody released, of measures in force today."""
    return QuarantineOrder.objects.kept().filter(released=None, measure__in=running(MeasureKind.QUARANTINE))


def held_order(found: QuarantineOrder) -> QuarantineOrder:
    """Lock an order, as it is now. Raises QuarantineRefused if its measure is over."""
    rows = QuarantineOrder.objects.kept().select_for_update(of=("self",)).select_related("measure", "place", "holder")
    row: QuarantineOrder | None = rows.filter(pk=found.pk).first()
    if row is None:
        raise QuarantineRefused(gettext_noop("The measure is over: nothing more is recorded."))
    return row


def still_open(found: QuarantineOrder) -> QuarantineOrder:
    """Lock an order that nobody released. Raises QuarantineRefused."""
    row = held_order(found)
    if row.released is not None:
        raise QuarantineRefused(gettext_noop("This quarantine is over: nothing more is recorded."))
    return row


def open_offer(found: QuarantineOrder) -> QuarantineHandOver | None:
    """Return the hand-over that waits for its receiver."""
    rows = found.hand_overs.select_related("giver", "receiver", "place")
    row: QuarantineHandOver | None = rows.filter(OPEN_OFFER).first()
    return row


def custody_of(found: QuarantineOrder) -> Custody:
    """Return who answers for a person now, and what is on offer."""
    row: Any = open_offer(found)
    offer = Offer(row.receiver_id, row.due) if row else None
    return Custody(found.holder_id, offer, released=found.released is not None)


def check_same_measure(found: QuarantineOrder, place: Place) -> None:
    """Refuse a place where another measure holds, or none. Raises QuarantineRefused."""
    held = measure_at(MeasureKind.QUARANTINE, place.path)
    if held is None or held.pk != found.measure_id:
        raise QuarantineRefused(gettext_noop("Another measure or none holds at that place: choose one inside this."))
