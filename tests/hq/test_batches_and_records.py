"""How HQ compares a batch with what it holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.chain import GENESIS, link
from contract.messages import EventRecord, NoticeCode, NoticeEvent
from hq.database.values import JournalKey
from hq.ingest.batches import split
from hq.ingest.records import fault, readable

KEY = JournalKey("site-1", "gate-1", "e1")


def _record(seq: int, prev_hash: str = GENESIS, **changes: object) -> EventRecord:
    fields = {
        "gate_id": "gate-1",
        "site_id": "site-1",
        "epoch": "e1",
        "seq": seq,
        "boot_id": "b",
        "utc": "2026-11-21T06:00:00Z",
        "monotonic_ms": 1,
        "clock_trusted": True,
        "code": NoticeCode.TAMPER,
    }
    body = NoticeEvent.model_validate({**fields, **changes}).model_dump_json()
    return EventRecord(seq=seq, prev_hash=prev_hash, hash=link(prev_hash, body), body=body)


@given(st.lists(st.integers(1, 20), max_size=20), st.integers(0, 20))
def test_ok__only_what_follows_without_a_hole_is_new(numbers: list[int], seq: int) -> None:
    found = split(tuple(_record(n) for n in numbers), seq)
    fresh = [record.seq for record in found.fresh]
    assert fresh == list(range(seq + 1, seq + 1 + len(fresh)))
    assert all(record.seq <= seq for record in found.known)


@pytest.mark.parametrize(
    ("numbers", "seq", "known", "fresh", "hole"),
    [
        ([1, 2, 3], 0, [], [1, 2, 3], False),
        ([1, 2, 3], 2, [1, 2], [3], False),
        ([1, 2, 3], 3, [1, 2, 3], [], False),
        ([5, 6], 3, [], [], True),
        ([4, 6], 3, [], [4], True),
    ],
)
def test_ok__examples(numbers: list[int], seq: int, known: list[int], fresh: list[int], hole: bool) -> None:
    found = split(tuple(_record(n) for n in numbers), seq)
    assert [r.seq for r in found.known] == known
    assert [r.seq for r in found.fresh] == fresh
    assert found.hole is hole


def test_ok__a_sound_record_has_no_fault() -> None:
    assert fault(_record(1), readable(_record(1)), GENESIS, KEY) is None


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (_record(1, prev_hash="a" * 64), "does not continue"),
        (_record(1).model_copy(update={"body": "{}"}), "was changed"),
        (_record(1, gate_id="gate-2"), "another gate"),
        (_record(1, epoch="e2"), "another gate, epoch"),
        (
            EventRecord(seq=1, prev_hash=GENESIS, hash=link(GENESIS, '{"type":"new"}'), body='{"type":"new"}'),
            "cannot read",
        ),
    ],
)
def test_fail__faults_have_names(record: EventRecord, what: str) -> None:
    assert what in str(fault(record, readable(record), GENESIS, KEY))
