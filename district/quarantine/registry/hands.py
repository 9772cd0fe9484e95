"""Pass a person from one account to another: nobody is lost between two hands."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.accounts.models import User
from district.audit.record import record
from district.exchange import outbox
from district.exchange.models import OutboxRow
from district.places.models import Place
from district.quarantine.models import OPEN_OFFER, QuarantineHandOver, QuarantineOrder
from district.quarantine.registry.followers import check_follows
from district.quarantine.registry.held import check_same_measure, custody_of, held_order, open_offer, orders_in_force
from district.quarantine.rules import QuarantineRefused, check_why


@transaction.atomic
def offer_hand_over(
    by: object,
    found: QuarantineOrder,
    receiver: User,
    due: datetime,
    *,
    place: Place | None = None,
    means: str = "",
) -> QuarantineHandOver:
    """Offer a person to another account. Until it accepts, the giver answers. Raises QuarantineRefused."""
    found = held_order(found)
    custody_of(found).offered(receiver.pk, due, timezone.now())
    if place is not None:
        check_same_measure(found, place)
    check_follows(receiver, place or found.place, found.enterprise_id)
    made = QuarantineHandOver.objects.create(
        order=found, giver=found.holder, receiver=receiver, place=place, means=means[:120], due=due
    )
    record(by, "offer hand-over", found, details={"to": str(receiver), "due": due.isoformat()})
    return made


@transaction.atomic
def accept_hand_over(by: object, found: QuarantineOrder, why: str = "") -> QuarantineOrder:
    """Take a person over. Somebody else than the receiver says why. Raises QuarantineRefused."""
    found = held_order(found)
    after, row = custody_of(found).accepted(), _offer_of(found)
    if by != row.receiver:
        row.why = check_why(why)
    if row.place is not None:
        check_same_measure(found, row.place)
        found.place = row.place
    check_follows(row.receiver, found.place, found.enterprise_id)
    row.accepted, row.accepted_by = timezone.now(), str(by)[:150]
    row.save(update_fields=["accepted", "accepted_by", "why"])
    found.holder_id = after.holder
    found.save(update_fields=["holder", "place"])
    if found.person is not None:
        outbox.put(OutboxRow.Kind.RISK, found.person.worker_id)  # a gate's desk calls who has the person now
    record(by, "accept hand-over", found, details={"from": str(row.giver)})
    return found


@transaction.atomic
def take_back_hand_over(by: object, found: QuarantineOrder, why: str) -> QuarantineOrder:
    """Take an offer back: the giver keeps the person. Raises QuarantineRefused."""
    found, reason = held_order(found), check_why(why)
    custody_of(found).taken_back()
    row = _offer_of(found)
    row.taken_back, row.why = timezone.now(), reason
    row.save(update_fields=["taken_back", "why"])
    record(by, "take back hand-over", found, details={"to": str(row.receiver)})
    return found


def overdue_hand_overs(now: datetime | None = None) -> "QuerySet[Any]":
    """Return the offers that nobody accepted in time, of orders that are kept."""
    rows = QuarantineHandOver.objects.filter(OPEN_OFFER, due__lt=now or timezone.now())
    return rows.filter(order__in=orders_in_force()).select_related("order__place", "giver", "receiver").order_by("due")


def _offer_of(found: QuarantineOrder) -> QuarantineHandOver:
    row = open_offer(found)
    if row is None:
        raise QuarantineRefused(gettext_noop("No hand-over is open: it was accepted or taken back."))
    return row
