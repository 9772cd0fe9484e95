"""Which site's surplus goes to which site's shortage. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile


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
        for one in sorted(left.values(), key=lambda giver: _nearness(giver, lack)):
            if open_amount <= 0:
                break
            if one.site == lack.site:
                continue
            given = min(one.amount, open_amount)
            found.append(SupplyProposal(one.site, lack.site, given))
            open_amount -= given
            left[one.site] = SiteAmount(one.site, one.path, one.amount - given)
            if one.amount == given:
                del left[one.site]
    return found


def _nearness(giver: SiteAmount, taker: SiteAmount) -> tuple[int, int, int]:
    """Sort the nearest first; of those, who has most."""
    common = takewhile(lambda pair: pair[0] == pair[1], zip(giver.path, taker.path, strict=False))
    return -sum(1 for _ in common), -giver.amount, giver.site
