"""PROMISE: gates hold a worker from the order until the release. The desk knows whom to call."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.utils import timezone

from district.emergency import registry as measures
from district.emergency.rules import MeasureKind
from district.exchange import hand_over, outbox
from district.exchange.models import OutboxRow
from district.permissions import Role
from district.quarantine import registry
from district.quarantine.risk_source import LIST


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


def _held(hq: TestedHq) -> list[tuple[str, str | None]]:
    while hand_over.hand_over():
        pass
    return [(one.list_name, one.officer) for one in hq.people.risk_lists.find("w-1", history=False)]


def test_ok__gates_hold_from_order_to_release(town: SmallDistrict, hq: TestedHq) -> None:
    outbox.put_all(OutboxRow.Kind.WORKER, ["w-1"])
    today, why = timezone.localdate(), {"purpose": "Follow contacts", "legal_basis": "Article 56"}
    ends = today + timedelta(days=30)
    measure = measures.start_measure("test", MeasureKind.QUARANTINE, town.root, ends=ends, **why)
    days, officer = (today, today + timedelta(days=14)), town.accounts[Role.OFFICER]
    order = registry.order("x", town.people[0], measure, town.towns[0], *days, "same train", holder=officer)
    assert _held(hq) == [(LIST, "officer")]
    liaison = town.account(Role.LIAISON, place=town.towns[0])
    registry.offer_hand_over("x", order, liaison, timezone.now() + timedelta(hours=1))
    registry.accept_hand_over(liaison, order)
    assert _held(hq) == [(LIST, "liaison")]
    registry.release("x", order, "healthy")
    assert _held(hq) == []
