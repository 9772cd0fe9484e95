"""What pages call items, states and results."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrPromise

from district.supplies.rules.commitments import CheckResult, CommitmentState
from district.supplies.rules.items import StockState, SupplyItem
from district.supplies.rules.offers import OfferState, OfferStep
from district.web.tables import Tone

ITEM_NAMES: dict[SupplyItem, StrPromise] = {
    SupplyItem.MASKS: _("Masks (pieces)"),
    SupplyItem.SUITS: _("Protective suits (pieces)"),
    SupplyItem.GOGGLES: _("Goggles (pieces)"),
    SupplyItem.GLOVES: _("Gloves (pairs)"),
    SupplyItem.DISINFECTANT: _("Disinfectant (litres)"),
    SupplyItem.HAND_RUB: _("Hand rub (bottles)"),
    SupplyItem.THERMOMETERS: _("Thermometers (pieces)"),
}
STOCK_NAMES: dict[StockState, StrPromise] = {
    StockState.SHORT: pgettext_lazy("stock", "short"),
    StockState.LOW: pgettext_lazy("stock", "low"),
    StockState.ENOUGH: pgettext_lazy("stock", "enough"),
    StockState.SURPLUS: pgettext_lazy("stock", "surplus"),
    StockState.UNUSED: pgettext_lazy("stock", "not used"),
}
STOCK_TONES: dict[StockState, Tone] = {
    StockState.SHORT: "bad",
    StockState.LOW: "care",
    StockState.ENOUGH: "good",
    StockState.SURPLUS: "info",
    StockState.UNUSED: "",
}
OFFER_NAMES: dict[OfferState, StrPromise] = {
    OfferState.OFFERED: pgettext_lazy("offer", "asked"),
    OfferState.AGREED: pgettext_lazy("offer", "agreed"),
    OfferState.SENT: pgettext_lazy("offer", "on its way"),
    OfferState.RECEIVED: pgettext_lazy("offer", "received"),
    OfferState.REFUSED: pgettext_lazy("offer", "refused"),
    OfferState.CANCELLED: pgettext_lazy("offer", "cancelled"),
}
OFFER_TONES: dict[OfferState, Tone] = {
    OfferState.OFFERED: "care",
    OfferState.AGREED: "info",
    OfferState.SENT: "info",
    OfferState.RECEIVED: "good",
    OfferState.REFUSED: "bad",
    OfferState.CANCELLED: "",
}
STEP_NAMES: dict[OfferStep, StrPromise] = {
    OfferStep.AGREE: pgettext_lazy("offer step", "Agree"),
    OfferStep.REFUSE: pgettext_lazy("offer step", "Refuse"),
    OfferStep.SEND: pgettext_lazy("offer step", "Note as sent"),
    OfferStep.RECEIVE: pgettext_lazy("offer step", "Note as received"),
    OfferStep.CANCEL: pgettext_lazy("offer step", "Cancel the offer"),
}
COMMITMENT_NAMES: dict[CommitmentState, StrPromise] = {
    CommitmentState.IN_FORCE: pgettext_lazy("commitment", "in force"),
    CommitmentState.STOPPED: pgettext_lazy("commitment", "stopped by the district"),
    CommitmentState.WITHDRAWN: pgettext_lazy("commitment", "withdrawn"),
}
COMMITMENT_TONES: dict[CommitmentState, Tone] = {
    CommitmentState.IN_FORCE: "good",
    CommitmentState.STOPPED: "bad",
    CommitmentState.WITHDRAWN: "",
}
RESULT_NAMES: dict[CheckResult, StrPromise] = {
    CheckResult.PASSED: pgettext_lazy("spot check", "kept"),
    CheckResult.MENDED: pgettext_lazy("spot check", "put right at once"),
    CheckResult.FAILED: pgettext_lazy("spot check", "not kept"),
}
