"""Protective supplies: how long a stock lasts, what lacks, what is spare. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop

from district.supplies.rules.refusals import SuppliesRefused

AMOUNT_MAX = 1_000_000


class SupplyItem(StrEnum):
    """What a site needs against infection."""

    MASKS = "masks"
    SUITS = "suits"
    GOGGLES = "goggles"
    GLOVES = "gloves"
    DISINFECTANT = "disinfectant"
    HAND_RUB = "hand_rub"
    THERMOMETERS = "thermometers"


DURABLE = frozenset({SupplyItem.THERMOMETERS})
"""Not used up: a site needs one for so many people."""


class StockState(StrEnum):
    """How a stock stands."""

    SHORT = "short"
    LOW = "low"
    ENOUGH = "enough"
    SURPLUS = "surplus"
    UNUSED = "unused"
    """Nothing is used of it, so that nobody can say how long it lasts."""


@dataclass(frozen=True)
class SupplyNeeds:
    """What a measure wants each site to have."""

    short_days: int = 3
    enough_days: int = 7
    surplus_days: int = 14
    people_per_thermometer: int = 50


@dataclass(frozen=True)
class StockFigures:
    """The stock of one item on one site, and what is used of it each day."""

    item: SupplyItem
    stock: int
    daily_use: int = 0
    people: int = 0
    """Who is on the site; counts for what is not used up."""


def check_stock(figures: StockFigures) -> StockFigures:
    """Return figures that can be. Raises SuppliesRefused."""
    if not all(0 <= figure <= AMOUNT_MAX for figure in (figures.stock, figures.daily_use)):
        raise SuppliesRefused(gettext_noop("Write numbers from 0 to %(most)s."), most=AMOUNT_MAX)
    return figures


def check_needs(needs: SupplyNeeds) -> SupplyNeeds:
    """Return what a measure can want. Raises SuppliesRefused."""
    if not 1 <= needs.short_days < needs.enough_days < needs.surplus_days <= 90:
        raise SuppliesRefused(
            gettext_noop("The days must rise: short before enough before surplus, from 1 to 90. Correct them.")
        )
    if not 1 <= needs.people_per_thermometer <= 1_000:
        raise SuppliesRefused(gettext_noop("Write 1 to 1,000 people for each thermometer."))
    return needs


def days_left(figures: StockFigures) -> int | None:
    """Return how many whole days a stock lasts; None if nothing is used of it."""
    if figures.item in DURABLE or figures.daily_use == 0:
        return None
    return figures.stock // figures.daily_use


def wanted(figures: StockFigures, needs: SupplyNeeds) -> int:
    """Return the stock that is enough."""
    if figures.item in DURABLE:
        return -(-figures.people // needs.people_per_thermometer)
    return figures.daily_use * needs.enough_days


def state_of(figures: StockFigures, needs: SupplyNeeds) -> StockState:
    """Return how a stock stands."""
    if figures.item in DURABLE:
        need = wanted(figures, needs)
        if need == 0:
            return StockState.UNUSED
        if figures.stock < need:
            return StockState.SHORT
        return StockState.SURPLUS if figures.stock > 2 * need else StockState.ENOUGH
    days = days_left(figures)
    if days is None:
        return StockState.UNUSED
    if days < needs.short_days:
        return StockState.SHORT
    if days < needs.enough_days:
        return StockState.LOW
    return StockState.SURPLUS if days > needs.surplus_days else StockState.ENOUGH


def lacking(figures: StockFigures, needs: SupplyNeeds) -> int:
    """Return how much a short stock lacks until it is enough; 0 if it is not short."""
    if state_of(figures, needs) is not StockState.SHORT:
        return 0
    return wanted(figures, needs) - figures.stock


def spare(figures: StockFigures, needs: SupplyNeeds) -> int:
    """Return how much a site can give and still keep a surplus of days; 0 if it has none."""
    if state_of(figures, needs) is not StockState.SURPLUS:
        return 0
    if figures.item in DURABLE:
        return figures.stock - 2 * wanted(figures, needs)
    return figures.stock - figures.daily_use * needs.surplus_days
