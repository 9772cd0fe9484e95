"""Which site's surplus goes to which site's shortage. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

STEP = 4
"""Characters of one level in the path of a place."""


@dataclass(frozen=True)
class SiteAmount:
    """An amount of one item that a site can give, or lacks."""

    site: int
    path: str
    """Its place in the tree: sites of one grid are near each other."""
    amount: int
    days: int = 0
    """How many days the stock still lasts."""


@dataclass(frozen=True)
class SupplyProposal:
    """One site gives an amount to another."""

    giver: int
    taker: int
    amount: int


def match_surplus(spares: Iterable[SiteAmount], lacks: Iterable[SiteAmount]) -> list[SupplyProposal]:
    """Return who gives what to whom. Who runs out first is served first, by the nearest site in the tree.

    Nobody gives more than it has to spare, nobody gets more than it lacks. At the end nothing is spare, or nothing
    lacks.
    """
    left = {one.site: one for one in spares if one.amount > 0}
    found: list[SupplyProposal] = []
    for lack in sorted(lacks, key=lambda one: (one.days, -one.amount, one.site)):
        open_amount = lack.amount
        while open_amount > 0 and (givers := [one for one in left.values() if one.site != lack.site]):
            one = min(givers, key=lambda giver: _nearness(giver, lack))
            given = min(one.amount, open_amount)
            found.append(SupplyProposal(one.site, lack.site, given))
            open_amount -= given
            if one.amount == given:
                del left[one.site]
            else:
                left[one.site] = SiteAmount(one.site, one.path, one.amount - given)
    return found


def _nearness(giver: SiteAmount, taker: SiteAmount) -> tuple[int, int, int]:
    """Sort the nearest first; of those, who has most."""
    common, shorter = 0, min(len(giver.path), len(taker.path))
    while common < shorter and giver.path.startswith(taker.path[: common + STEP]):
        common += STEP
    return -common, -giver.amount, giver.site
