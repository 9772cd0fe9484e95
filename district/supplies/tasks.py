"""Which offers wait for an account."""

from typing import Any

from django.db.models import Q, QuerySet

from district.permissions import Permission
from district.scope import Account
from district.supplies.models import SupplyOffer, site_q
from district.supplies.rules.offers import OfferState


def waiting_offers(user: Account) -> "QuerySet[Any]":
    """Return the offers whose next step belongs to sites that an account answers for, the oldest first."""
    scope = user.scope(Permission.DECLARE_SUPPLIES)
    to_give = Q(state__in=[OfferState.OFFERED.value, OfferState.AGREED.value]) & site_q(scope, "giver__")
    to_take = Q(state=OfferState.SENT.value) & site_q(scope, "taker__")
    rows = SupplyOffer.objects.visible_to(user).kept().filter(to_give | to_take)
    return rows.select_related("giver__place", "taker__place").order_by("made", "pk")
