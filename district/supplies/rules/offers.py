"""The way of an offer: a task for the site that gives, then for the one that receives. Pure."""

from enum import StrEnum

from django.utils.translation import gettext_noop

from district.supplies.rules.refusals import SuppliesRefused


class OfferState(StrEnum):
    """Where an offer stands."""

    OFFERED = "offered"
    AGREED = "agreed"
    SENT = "sent"
    RECEIVED = "received"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class OfferStep(StrEnum):
    """What somebody does with an offer."""

    AGREE = "agree"
    REFUSE = "refuse"
    SEND = "send"
    RECEIVE = "receive"
    CANCEL = "cancel"


class OfferSide(StrEnum):
    """On which side of an offer somebody stands."""

    GIVER = "giver"
    TAKER = "taker"
    DISTRICT = "district"


_S, _T, _W = OfferState, OfferStep, OfferSide
_TABLE: dict[tuple[OfferState, OfferStep], tuple[OfferState, OfferSide]] = {
    (_S.OFFERED, _T.AGREE): (_S.AGREED, _W.GIVER),
    (_S.OFFERED, _T.REFUSE): (_S.REFUSED, _W.GIVER),
    (_S.OFFERED, _T.CANCEL): (_S.CANCELLED, _W.DISTRICT),
    (_S.AGREED, _T.SEND): (_S.SENT, _W.GIVER),
    (_S.AGREED, _T.REFUSE): (_S.REFUSED, _W.GIVER),
    (_S.AGREED, _T.CANCEL): (_S.CANCELLED, _W.DISTRICT),
    (_S.SENT, _T.RECEIVE): (_S.RECEIVED, _W.TAKER),
    (_S.SENT, _T.CANCEL): (_S.CANCELLED, _W.DISTRICT),
}
OPEN_STATES = (_S.OFFERED, _S.AGREED, _S.SENT)
NEEDS_WORDS = frozenset({_T.REFUSE, _T.CANCEL})
"""Steps with a reason that the other side reads."""


def next_offer_state(state: OfferState, step: OfferStep, sides: frozenset[OfferSide]) -> OfferState:
    """Return where an offer stands after a step of somebody on these sides. Raises SuppliesRefused."""
    found = _TABLE.get((state, step))
    if found is None:
        raise SuppliesRefused(gettext_noop("The offer has moved on: load the page again, and see its next step."))
    after, side = found
    if side not in sides:
        raise SuppliesRefused(gettext_noop("This step belongs to the other side: the page says whose it is."))
    return after


def steps_of_offer(state: OfferState, sides: frozenset[OfferSide]) -> tuple[OfferStep, ...]:
    """Return what somebody on these sides can do now."""
    return tuple(step for step in OfferStep if (found := _TABLE.get((state, step))) and found[1] in sides)
