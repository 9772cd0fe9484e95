"""Nobody is lost between two hands: each person in quarantine has one holder, and each offer an end."""

from datetime import UTC, date, datetime, timedelta

import pytest
from district_rig import SmallDistrict
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from district.emergency import registry as measures
from district.emergency.rules import MeasureKind
from district.people.holds import holds_of
from district.permissions import Role
from district.quarantine import registry, rules
from district.quarantine.models import QuarantineOrder

NOW = datetime(2026, 2, 17, 7, 0, tzinfo=UTC)
TODAY = NOW.date()
few = settings(max_examples=50, deadline=None)
steps = st.lists(st.tuples(st.sampled_from(["offer", "accept", "back", "end"]), st.integers(1, 3)), max_size=12)


@few
@given(steps)
def test_ok__nobody_is_lost_between_two_hands(plan: list[tuple[str, int]]) -> None:
    """The holder changes only by the receiver's acceptance; a refused step changes nothing; only a held one ends."""
    custody = rules.Custody(1)
    for step, number in plan:
        before = custody
        try:
            if step == "offer":
                custody = custody.offered(number, NOW + timedelta(hours=number), NOW)
            elif step == "accept":
                custody = custody.accepted()
            else:
                custody = custody.taken_back() if step == "back" else custody.ended()
        except rules.QuarantineRefused as refused:
            assert str(refused).endswith(".")
            assert custody is before
            continue
        assert not before.released
        assert custody.holder == (before.offer.receiver if step == "accept" and before.offer else before.holder)
        assert not (custody.released and custody.offer)
        if custody.offer:
            assert custody.offer.receiver != custody.holder
            assert custody.overdue(custody.offer.due + timedelta(seconds=1))
            assert not custody.overdue(NOW)


@few
@given(st.integers(0, 20), st.integers(0, 10), st.integers(0, 3), st.lists(st.integers(0, 25), max_size=30))
def test_ok__every_day_has_its_visits_or_is_named(days: int, after: int, each: int, visited: list[int]) -> None:
    """Visits made and visits missing add up each day, also after the last day until somebody releases."""
    today = TODAY + timedelta(days=days + after)
    made = [TODAY + timedelta(days=n) for n in visited]
    due = {one.day: one for one in rules.visits_due(TODAY, TODAY + timedelta(days=days), each, made, today)}
    for number in range(days + after + 1):
        day = TODAY + timedelta(days=number)
        missing = max(0, each - made.count(day))
        assert (due[day].missing if day in due else 0) == missing
        assert day not in due or due[day].overdue == (day < today)
    assert all(TODAY <= day <= today for day in due)


@pytest.mark.parametrize(("starts", "ends"), [(0, -1), (-15, 5), (0, 61), (3, 2)])
def test_fail__days_that_cannot_be(starts: int, ends: int) -> None:
    with pytest.raises(rules.QuarantineRefused):
        rules.check_order_days(TODAY + timedelta(days=starts), TODAY + timedelta(days=ends), TODAY)


def _order(town: SmallDistrict, today: date, **more: str) -> QuarantineOrder:
    why = {"purpose": "Follow contacts", "legal_basis": "Emergency response law, article 56"}
    measure = measures.measure_at(MeasureKind.QUARANTINE, town.root.path) or measures.start_measure(
        "test", MeasureKind.QUARANTINE, town.root, ends=today + timedelta(days=30), **why
    )
    days, holder = (today, today + timedelta(days=14)), town.accounts[Role.OFFICER]
    return registry.order("test", town.people[0], measure, town.towns[0], *days, "contact", holder=holder, **more)


def test_ok__a_person_goes_from_hand_to_hand_and_is_released(town: SmallDistrict) -> None:
    """The giver answers until the receiver accepts; an overdue offer is found; the release waits for the hands."""
    order = _order(town, timezone.localdate(), key="contact 1")
    assert _order(town, timezone.localdate(), key="contact 1") == order
    receiver, officer = town.account(Role.OFFICER, place=town.towns[1]), town.accounts[Role.OFFICER]
    soon = timezone.now() + timedelta(hours=2)
    registry.offer_hand_over(officer, order, receiver, soon, place=town.towns[1], means="bus 1")
    assert list(registry.overdue_hand_overs()) == []
    assert registry.overdue_hand_overs(soon + timedelta(minutes=1)).count() == 1
    assert registry.custody_of(order).holder == officer.pk
    with pytest.raises(rules.QuarantineRefused, match="open"):
        registry.release(officer, order, "healthy")
    with pytest.raises(rules.QuarantineRefused, match="reason"):
        registry.accept_hand_over(officer, order)
    order = registry.accept_hand_over(receiver, order)
    assert (order.holder, order.place) == (receiver, town.towns[1])
    assert registry.visits_missing(order)[0].missing == 2
    registry.visit(receiver, order, temperature="36.6", client_key="v")
    registry.visit(receiver, order, temperature="36.6", client_key="v")
    registry.visit("worker w-1", order, met=False, needs="insulin")
    assert registry.visits_missing(order)[0].missing == 1
    assert [one.until for one in holds_of(town.people[0]) if "emergency" in one.reason] == [order.measure.ends]
    order = registry.release(receiver, order, "healthy")
    assert not [one for one in holds_of(town.people[0]) if "emergency" in one.reason]
    assert QuarantineOrder.objects.filter(released=None).count() == 0
    with pytest.raises(rules.QuarantineRefused, match="over"):
        registry.visit(receiver, order)


def test_fail__an_order_that_would_be_erased_while_it_runs(town: SmallDistrict) -> None:
    """No order and no extension outlasts its measure; a second order of one person is refused."""
    order = _order(town, timezone.localdate())
    with pytest.raises(rules.QuarantineRefused, match="already"):
        _order(town, timezone.localdate())
    with pytest.raises(rules.QuarantineRefused, match="extend the measure"):
        registry.extend("test", order, timezone.localdate() + timedelta(days=31), "ill")
    assert registry.extend("test", order, order.ends + timedelta(days=3), "ill").extensions.count() == 1
