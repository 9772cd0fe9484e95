"""Ask a site to give its surplus to another, and follow it until the other has it."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from district.accounts.models import User
from district.audit.record import record
from district.cases.models import Case
from district.permissions import Permission
from district.places.models import Project
from district.supplies.latest import spare_of
from district.supplies.models import SupplyOffer, site_q
from district.supplies.registry.needs import measure_of
from district.supplies.registry.requests import shortage_key
from district.supplies.rules.commitments import check_words
from district.supplies.rules.items import AMOUNT_MAX, SupplyItem
from district.supplies.rules.offers import (
    NEEDS_WORDS,
    OfferSide,
    OfferState,
    OfferStep,
    next_offer_state,
)
from district.supplies.rules.refusals import SuppliesRefused

_ONCE = gettext_noop("This site is asked for that already: follow the open offer.")


@transaction.atomic
def offer_surplus(by: object, giver: Project, taker: Project, item: SupplyItem, amount: int) -> SupplyOffer:
    """Ask a site to give an amount of its surplus to another. Raises SuppliesRefused."""
    if giver.pk == taker.pk:
        raise SuppliesRefused(gettext_noop("A site gives nothing to itself: choose another."))
    measure = measure_of(taker)
    measure_of(giver)
    Project.objects.select_for_update(of=("self",)).get(pk=giver.pk)
    left = spare_of(giver, item)
    if not 1 <= amount <= left:
        raise SuppliesRefused(gettext_noop("This site can give %(left)s at most: choose less."), left=max(left, 0))
    case = Case.objects.still_open().filter(key=shortage_key(taker, item)).first()
    try:
        with transaction.atomic():
            made = SupplyOffer.objects.create(
                measure=measure, giver=giver, taker=taker, item=item.value, amount=amount, by=str(by)[:150], case=case
            )
    except IntegrityError:
        raise SuppliesRefused(_ONCE) from None
    record(by, "offer surplus", made, details={"item": item.value, "quantity": str(amount)})
    return made


@transaction.atomic
def take_step(
    by: User, offer: SupplyOffer, step: OfferStep, *, why: str = "", received: int | None = None
) -> SupplyOffer:
    """Take an offer one step on. `received`: what arrived, if it is not what was asked. Raises SuppliesRefused."""
    rows = SupplyOffer.objects.kept().select_for_update(of=("self",)).select_related("giver__place", "taker__place")
    found: SupplyOffer | None = rows.filter(pk=offer.pk).first()
    if found is None:
        raise SuppliesRefused(gettext_noop("This offer is gone: its measure is over."))
    found.state = next_offer_state(OfferState(found.state), step, sides_of_offer(by, found)).value
    if step in NEEDS_WORDS:
        found.why = check_words(why)
    if step is OfferStep.RECEIVE:
        amount = found.amount if received is None else received
        if not 0 <= amount <= AMOUNT_MAX:
            raise SuppliesRefused(gettext_noop("Write numbers from 0 to %(most)s."), most=AMOUNT_MAX)
        found.received = amount
    found.changed = timezone.now()
    found.save()
    record(by, "change offer", found, why=found.why if step in NEEDS_WORDS else "", details={"kind": step.value})
    return found


def sides_of_offer(user: User, offer: SupplyOffer) -> frozenset[OfferSide]:
    """Return the sides of an offer on which an account stands."""
    declares, checks = user.scope(Permission.DECLARE_SUPPLIES), user.scope(Permission.CHECK_SITES)
    found = set()
    for side, key in ((OfferSide.GIVER, offer.giver_id), (OfferSide.TAKER, offer.taker_id)):
        at = Project.objects.filter(pk=key)
        if not declares.empty and at.filter(site_q(declares, "")).exists():
            found.add(side)
        if not checks.empty and at.filter(checks.places("place__path")).exists():
            found.add(OfferSide.DISTRICT)
    return frozenset(found)
