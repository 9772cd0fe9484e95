"""PROMISE: HQ's risk lists hold exactly those whom the district holds now, with officer, reason code and end."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from district_hq import TestedHq, hq_in
from district_rig import SmallDistrict
from django.utils import timezone

from contract.messages import ListKind
from district.exchange import hand_over, outbox, risks
from district.exchange.models import OutboxRow
from district.wire import HqDoor, HqRiskEntry, HqRiskLift
from hq.database.dirty_lists import dirty
from hq.registry.risk_record import RiskRecord, StoredRisk

UNTIL = datetime(2100, 1, 1, tzinfo=UTC)
RISK, WORKER = OutboxRow.Kind.RISK, OutboxRow.Kind.WORKER
LIST = "district-screening"


class _Source:
    """An app that holds people."""

    def __init__(self) -> None:
        self.said: list[HqRiskEntry | HqRiskLift] = []

    def __call__(self, worker_ids: Sequence[str]) -> Sequence[HqRiskEntry | HqRiskLift]:
        return [one for one in self.said if one.worker_id in worker_ids]


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[TestedHq]:
    with hq_in(tmp_path / "hq") as made:
        yield made


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> _Source:
    made = _Source()
    monkeypatch.setattr(risks, "risk_sources", lambda: (made,))
    return made


def _entry(worker_id: str = "w-1", code: str = "14-a") -> HqRiskEntry:
    return HqRiskEntry(worker_id, LIST, code, "Officer Chen, 8100", UNTIL)


def _give(*worker_ids: str) -> None:
    outbox.put_all(RISK, worker_ids)
    while hand_over.hand_over():
        pass


def _held(hq: TestedHq, worker_id: str = "w-1", history: bool = False) -> list[StoredRisk]:
    return hq.people.risk_lists.find(worker_id, history=history)


def _marked(hq: TestedHq) -> set[str]:
    with hq.store.read() as db:
        return {site for site, kind in dirty(db) if kind is ListKind.RISK}


def test_ok__an_entry_reaches_the_sites_of_the_worker_and_no_other(
    town: SmallDistrict, hq: TestedHq, source: _Source
) -> None:
    outbox.put_all(WORKER, ["w-1", "w-3"])
    hand_over.hand_over()
    with hq.store.write() as db:
        db.exec_driver_sql("DELETE FROM dirty_lists")
    source.said = [_entry()]
    _give("w-1", "w-3")
    (held,) = _held(hq)
    assert (held.list_name, held.reason_code, held.officer) == (LIST, "14-a", "Officer Chen, 8100")
    assert held.valid_until_utc == UNTIL
    assert _marked(hq) == {"site-1"}


def test_ok__a_second_time_changes_nothing_and_a_change_replaces(
    town: SmallDistrict, hq: TestedHq, source: _Source
) -> None:
    source.said = [_entry()]
    _give("w-1")
    first = _held(hq)
    OutboxRow.objects.update(done=None)
    hand_over.hand_over()
    assert _held(hq) == first
    source.said = [_entry(code="14-b")]
    _give("w-1")
    assert [one.reason_code for one in _held(hq)] == ["14-b"]


def test_ok__a_lift_keeps_who_and_why(town: SmallDistrict, hq: TestedHq, source: _Source) -> None:
    source.said = [_entry()]
    _give("w-1")
    source.said = [HqRiskLift("w-1", LIST, "chen", "another person")]
    for _ in range(2):
        _give("w-1")
    assert not _held(hq)
    (lifted,) = _held(hq, history=True)
    assert lifted.lifted_why == "chen: another person"


def test_ok__whom_no_app_names_any_more_is_taken_off(town: SmallDistrict, hq: TestedHq, source: _Source) -> None:
    source.said = [_entry(), _entry("w-2")]
    _give("w-1", "w-2")
    source.said = [_entry("w-2")]
    _give("w-1", "w-2")
    assert not _held(hq) and _held(hq, "w-2")


def test_fail__entries_of_people_at_hq_are_theirs(town: SmallDistrict, hq: TestedHq, source: _Source) -> None:
    hq.people.risk_lists.add([RiskRecord(worker_id="w-1", list_name=LIST.upper())], "guard house")
    source.said = [_entry()]
    _give("w-1")
    assert [one.added_by for one in _held(hq)] == ["guard house"]
    row = OutboxRow.objects.get(done=None)
    assert "of its own" in row.refusal
    source.said = []
    OutboxRow.objects.update(next_try=timezone.now())
    hand_over.hand_over()
    assert _held(hq) and not OutboxRow.objects.filter(done=None).exists()


def test_fail__a_refused_entry_holds_up_neither_the_worker_nor_a_later_entry(
    town: SmallDistrict, hq: TestedHq, source: _Source
) -> None:
    source.said = [_entry(code="x" * 41)]
    _give("w-1")
    assert "reason_code" in OutboxRow.objects.get(done=None).refusal
    OutboxRow.objects.filter(done=None).update(next_try=timezone.now() + timedelta(hours=1))
    outbox.put(WORKER, "w-1")
    source.said = [_entry()]
    _give("w-1")
    assert hq.worker("w-1") is not None and _held(hq)
    assert not OutboxRow.objects.filter(done=None).exists()


def test_fail__a_worker_process_that_was_frozen_leaves_no_older_entries(
    town: SmallDistrict, hq: TestedHq, source: _Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, frozen = HqDoor.put_risk_entry, []

    def put_late(door: HqDoor, entry: HqRiskEntry) -> None:
        if not frozen:
            frozen.append(1)
            source.said = [HqRiskLift("w-1", LIST, "chen", "wrong")]
            outbox.put(RISK, "w-1")
            hand_over.hand_over()  # another process, while this one is frozen
        put(door, entry)

    monkeypatch.setattr(HqDoor, "put_risk_entry", put_late)
    source.said = [_entry()]
    _give("w-1")
    assert not _held(hq)
