"""Supplies: how long a stock lasts, who gives what to whom, offers and draws."""

import hashlib
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from district.supplies.rules import counts, draws, items, matching, offers
from district.supplies.rules.items import StockFigures, StockState, SupplyItem, SupplyNeeds
from district.supplies.rules.matching import SiteAmount
from district.supplies.rules.refusals import SuppliesRefused

NEEDS = SupplyNeeds()
FIGURES = st.builds(
    StockFigures,
    item=st.sampled_from(SupplyItem),
    stock=st.integers(0, 5_000),
    daily_use=st.integers(0, 300),
    people=st.integers(0, 600),
)
SITES = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 60), st.integers(0, 3)), max_size=12, unique_by=lambda one: one[0]
)


@pytest.mark.parametrize(
    ("stock", "use", "state"),
    [(29, 10, StockState.SHORT), (30, 10, StockState.LOW), (70, 10, StockState.ENOUGH), (149, 10, StockState.ENOUGH),
     (150, 10, StockState.SURPLUS), (0, 0, StockState.UNUSED)],
)  # fmt: skip
def test_ok__days_decide_how_a_stock_stands(stock: int, use: int, state: StockState) -> None:
    """Whole days count: 29 masks at 10 a day last two days."""
    assert items.state_of(StockFigures(SupplyItem.MASKS, stock, use), NEEDS) == state


@given(FIGURES)
def test_ok__who_gives_keeps_a_surplus_and_who_lacks_gets_enough(one: StockFigures) -> None:
    """What is spare leaves the giver no worse than enough; what lacks makes the taker's stock enough."""
    left = StockFigures(one.item, one.stock - items.spare(one, NEEDS), one.daily_use, one.people)
    full = StockFigures(one.item, one.stock + items.lacking(one, NEEDS), one.daily_use, one.people)
    assert left.stock >= 0
    if items.spare(one, NEEDS):
        assert items.state_of(left, NEEDS) == StockState.ENOUGH
    if items.lacking(one, NEEDS):
        assert items.state_of(full, NEEDS) == StockState.ENOUGH
    assert not (items.spare(one, NEEDS) and items.lacking(one, NEEDS))


@given(SITES, SITES)
def test_ok__surplus_is_matched_without_promising_twice(
    spare: list[tuple[int, ...]], lack: list[tuple[int, ...]]
) -> None:
    """Nobody gives more than it has, or gets more than it lacks. In the end one of the two is used up."""
    spares = [SiteAmount(site, f"000{site % 3}", amount) for site, amount, _days in spare]
    lacks = [SiteAmount(100 + site, f"000{site % 3}", amount, days) for site, amount, days in lack]
    found = matching.match_surplus(spares, lacks)
    assert found == matching.match_surplus(spares[::-1], lacks[::-1])
    for one in spares:
        assert sum(row.amount for row in found if row.giver == one.site) <= one.amount
    for one in lacks:
        assert sum(row.amount for row in found if row.taker == one.site) <= one.amount
    total = sum(row.amount for row in found)
    assert total == min(sum(one.amount for one in spares), sum(one.amount for one in lacks))
    assert all(row.amount > 0 for row in found)


def test_ok__who_runs_out_first_is_served_by_the_nearest() -> None:
    """The site with no day left gets it, from the site of its own grid."""
    near, far = SiteAmount(1, "00010001", 50), SiteAmount(2, "00010002", 80)
    lacks = [SiteAmount(3, "00010001", 40, 2), SiteAmount(4, "00010001", 30, 0)]
    found = [(row.giver, row.taker, row.amount) for row in matching.match_surplus([far, near], lacks)]
    assert found == [(1, 4, 30), (1, 3, 20), (2, 3, 20)]


@given(st.text("0123456789abcdef", min_size=1, max_size=32), st.sets(st.integers(1, 99), min_size=1), st.integers(1, 9))
def test_ok__draw_can_be_repeated_and_depends_on_nothing_else(seed: str, numbers: set[int], count: int) -> None:
    """The order of the numbers does not matter, each is drawn once, and a plain SHA-256 gives the same."""
    found = draws.drawn(seed, sorted(numbers), count)
    by_hand = sorted(numbers, key=lambda one: hashlib.sha256(f"{seed}:{one}".encode()).hexdigest())
    assert found == draws.drawn(seed, sorted(numbers, reverse=True), count) == by_hand[:count]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(offers.OfferStep), st.sets(st.sampled_from(offers.OfferSide))), max_size=8))
def test_ok__offer_ends_once_and_each_step_is_its_sides(
    steps: list[tuple[offers.OfferStep, set[offers.OfferSide]]],
) -> None:
    """What a page offers is what the rules allow; a received, refused or cancelled offer never moves."""
    state = offers.OfferState.OFFERED
    for step, sides in steps:
        allowed = offers.steps_of_offer(state, frozenset(sides))
        try:
            after = offers.next_offer_state(state, step, frozenset(sides))
        except SuppliesRefused:
            assert step not in allowed
            continue
        assert step in allowed
        assert state in offers.OPEN_STATES
        state = after


@pytest.mark.parametrize("wrong", [(5, 6, 0, 0), (5, 5, 6, 0), (5, 5, 0, 6), (-1, 0, 0, 0), (20_001, 0, 0, 0)])
def test_fail__people_that_cannot_be(wrong: tuple[int, int, int, int]) -> None:
    """More back than expected, or more not well than back, is a slip of the pen."""
    with pytest.raises(SuppliesRefused):
        counts.check_counts(counts.PeopleCounts(*wrong))


@pytest.mark.parametrize("days", [1, -4, -9])
def test_fail__day_to_come_or_too_old(days: int) -> None:
    """Tomorrow is not known yet, and last week is closed."""
    today = date(2026, 2, 17)
    with pytest.raises(SuppliesRefused):
        counts.check_day(today + timedelta(days=days), today, date(2026, 2, 1))


def test_ok__a_zero_too_many_is_asked_about() -> None:
    """500 after 50 is asked about; 30 after 2 and 90 after 60 are not."""
    assert [counts.jumps(*pair) for pair in ((50, 500), (500, 50), (2, 30), (60, 90), (0, 400))] == [
        True, True, False, False, False
    ]  # fmt: skip
