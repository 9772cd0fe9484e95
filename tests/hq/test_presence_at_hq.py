"""HQ makes from the passages of all gates who is inside: late, resent, forked or corrected ones."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sync_rig import open_ingest

from contract.chain import GENESIS, link
from contract.codec import encode
from contract.deltas import open_delta, read_delta
from contract.messages import (
    ClockEvent,
    Direction,
    EventBatch,
    EventRecord,
    ListKind,
    NoticeCode,
    NoticeEvent,
    PassageEvent,
    PassageOutcome,
    PresenceDelta,
    PresenceSnapshot,
)
from contract.parts import open_part, read_part
from contract.signing import read_sealing_private
from hq.database.clock import now
from hq.database.store import Store
from hq.keys import keys
from hq.keys.keys import HqKeys
from hq.lists.presence_list import PresenceLists, PresenceMessage
from hq.lists.presence_projection import PresenceProjection
from hq.lists.presence_state import Passage, SitePassages

IN, OUT = Direction.IN, Direction.OUT
START = now() - timedelta(hours=6)


@dataclass
class GateJournal:
    """A gate's records as HQ receives them."""

    gate_id: str
    epoch: str = "e1"
    records: list[EventRecord] = field(default_factory=list)

    def passes(
        self, worker: str | None, way: Direction, minute: float, outcome: str = "passed", trusted: bool = True
    ) -> None:
        self.adds(PassageEvent, minute, trusted, outcome=PassageOutcome(outcome), direction=way, worker_id=worker)

    def adds(self, kind: type, minute: float, trusted: bool = True, **fields: object) -> None:
        prev = self.records[-1].hash if self.records else GENESIS
        event = kind(
            gate_id=self.gate_id, site_id="site-1", epoch=self.epoch, seq=len(self.records) + 1, boot_id="b",
            utc=START + timedelta(minutes=minute), monotonic_ms=max(0, int(minute * 60_000)), clock_trusted=trusted, **fields,
        )  # fmt: skip
        body = encode(event).decode()
        self.records.append(EventRecord(seq=event.seq, prev_hash=prev, hash=link(prev, body), body=body))

    def copy(self) -> "GateJournal":
        return GateJournal(self.gate_id, self.epoch, list(self.records))

    def batch(self, first: int = 1, last: int | None = None) -> EventBatch:
        return EventBatch(
            site_id="site-1", gate_id=self.gate_id, epoch=self.epoch, base_seq=0,
            records=tuple(self.records[first - 1 : last]),
        )  # fmt: skip


class Hq:
    """HQ's database, its ingest, and who passed last by it."""

    def __init__(self, folder: Path) -> None:
        keys.init(folder, ("site-1",), 1883)
        self.keys: HqKeys = keys.load(folder)
        self.store = Store(f"sqlite:///{folder}/hq.db", self.keys)
        self.ingest = open_ingest(self.store, self.keys)
        self.projection = PresenceProjection(self.store)
        self.lists = PresenceLists(self.keys)
        self.site_key = read_sealing_private(folder / "keys/sites/site-1.key.pem")

    def take(self, *batches: EventBatch) -> None:
        for batch in batches:
            self.ingest.take(batch)

    def site(self) -> SitePassages:
        while self.projection.follow():
            pass
        return self.projection.sites["site-1"]

    def who(self) -> tuple[set[str], set[str], int]:
        """Inside, outside, unknown people inside."""
        site = self.site()
        named = {way: {who for who, p in site.named.items() if p.direction is way} for way in Direction}
        return named[IN], named[OUT], site.unnamed_inside(START)

    def opened(self, made: PresenceMessage) -> PresenceSnapshot | PresenceDelta:
        public = self.keys.signing.public_key()
        if made.whole:
            found = open_part(read_part(made.body, ListKind.PRESENCE, public), self.site_key).snapshot
        else:
            found = open_delta(read_delta(made.body, ListKind.PRESENCE, public), self.site_key).delta  # type: ignore[assignment]
        assert isinstance(found, PresenceSnapshot | PresenceDelta)
        return found


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[Hq]:
    made = Hq(tmp_path / "hq")
    yield made
    made.store.close()


def test_ok__the_last_passage_of_each_worker_counts_over_all_gates(hq: Hq) -> None:
    first, second = GateJournal("gate-1"), GateJournal("gate-2")
    first.passes("w-1", IN, 1)
    first.passes("w-2", IN, 2)
    first.passes("w-3", IN, 3, "not_taken")
    first.passes(None, IN, 4, "forced")
    second.passes("w-1", OUT, 5)
    second.passes(None, IN, 6, "tailgated")
    second.passes(None, OUT, 7)
    hq.take(first.batch(), second.batch())
    assert hq.who() == ({"w-2"}, {"w-1"}, 1)


def test_ok__resent_late_and_after_a_restart_nothing_counts_twice(hq: Hq) -> None:
    first, second = GateJournal("gate-1"), GateJournal("gate-2")
    first.passes("w-1", IN, 1)
    first.passes(None, IN, 2)
    second.passes("w-1", OUT, 3)
    hq.take(second.batch(), second.batch())
    assert hq.who() == (set(), {"w-1"}, 0)
    hq.take(first.batch(), first.batch())  # gate-1 was cut off: what it says is older
    assert hq.who() == (set(), {"w-1"}, 1)
    hq.projection = PresenceProjection(hq.store)
    assert hq.who() == (set(), {"w-1"}, 1)
    second.passes("w-1", IN, 4)
    hq.take(second.batch(2))
    assert hq.who() == ({"w-1"}, set(), 1)


def test_ok__a_copied_journal_counts_on_both_its_branches(hq: Hq) -> None:
    gate = GateJournal("gate-1")
    gate.passes("w-1", IN, 1)
    twin = gate.copy()
    gate.passes("w-2", IN, 2)
    twin.passes("w-3", IN, 3)
    hq.take(gate.batch(), twin.batch())
    assert hq.who() == ({"w-1", "w-2", "w-3"}, set(), 0)
    ends = {(end.epoch, end.seq, end.hash) for end in hq.site().ends.values()}
    assert ends == {("e1", 2, gate.records[1].hash), ("e1", 2, twin.records[1].hash)}, "each knows its own line"


def test_ok__a_corrected_time_moves_a_passage_back(hq: Hq) -> None:
    """The clock was two hours ahead until it was set: the other gate's passage was the later one."""
    ahead, right = GateJournal("gate-1"), GateJournal("gate-2")
    ahead.passes("w-1", IN, 130)
    right.passes("w-1", OUT, 60)
    hq.take(ahead.batch(), right.batch())
    assert hq.who() == ({"w-1"}, set(), 0)
    ahead.adds(ClockEvent, 20, was_utc=START + timedelta(minutes=140), was_trusted=True)
    ahead.records[-1] = _at(ahead, 140)
    hq.take(ahead.batch(2))
    assert hq.who() == (set(), {"w-1"}, 0)


def _at(gate: GateJournal, minute: float) -> EventRecord:
    """The newest record, written so long after the start of the boot."""
    record = gate.records[-1]
    event = ClockEvent.model_validate_json(record.body).model_copy(update={"monotonic_ms": int(minute * 60_000)})
    body = encode(event).decode()
    return record.model_copy(update={"body": body, "hash": link(record.prev_hash, body)})


def test_ok__nobody_passed_later_than_hq_heard_of_it(hq: Hq) -> None:
    wrong, dead = GateJournal("gate-1"), GateJournal("gate-2")
    wrong.passes("w-1", IN, 60 * 24 * 365)  # a clock of next year would hold this worker inside for ever
    dead.passes("w-2", IN, -60 * 24 * 20_000, trusted=False)  # and one of 1970 would lose this one
    hq.take(wrong.batch(), dead.batch())
    assert hq.who()[0] == {"w-1", "w-2"}
    assert all(passage.utc <= now() for passage in hq.site().named.values())


def test_ok__changes_hold_all_since_the_whole_list_and_stay_small(hq: Hq) -> None:
    site, issued = SitePassages(), now()
    for number in range(1000):
        passage = Passage(IN, issued - timedelta(seconds=number), "gate-1", "e1", number + 1)
        site.set(f"w-{number:06}", passage)
    site.set_end("gate-1", "e1", "e1", 1000, gate_hash())
    whole = hq.lists.next("site-1", site, issued, None)
    assert whole.whole
    assert len(whole.body) < 32_000
    kinds, sizes = [], []
    for second in range(1, 400):
        utc = issued + timedelta(seconds=second)
        for number in range(3):
            who = f"w-{(3 * second + number) % 1000:06}"
            site.set(who, Passage(OUT, utc, "gate-2", "e2", 3 * second + number))
        made = hq.lists.next("site-1", site, utc, None)
        kinds.append(made.whole)
        sizes.append(len(made.body))
        if second == 2:
            assert len(hq.opened(made).outside.workers) == 6, "one lost message does no harm"
    assert 5 < sum(kinds) < 40
    assert sum(sizes) / len(sizes) < 4_000, "bytes a second in a rush of three passages a second"
    quiet = hq.lists.next("site-1", site, issued + timedelta(minutes=30), None)
    assert len(quiet.body) < max(sizes)


def gate_hash() -> str:
    return link(GENESIS, "x")


def test_ok__a_list_holds_what_the_policy_remembers_and_says_how_far_it_goes(hq: Hq) -> None:
    gate = GateJournal("gate-1")
    gate.passes("w-1", IN, 1)
    gate.passes("w-2", IN, 300)
    gate.adds(NoticeEvent, 301, code=NoticeCode.TAMPER)
    hq.take(gate.batch())
    issued = START + timedelta(minutes=310)
    found = hq.opened(hq.lists.next("site-1", hq.site(), issued, 1.0))
    assert (found.inside.workers, found.inside.ago_ms, found.gates) == (("w-2",), (600_000,), ("gate-1",))
    assert [(end.gate_id, end.epoch, end.seq) for end in found.ends] == [("gate-1", "e1", 2)]
    assert found.list_version == int(issued.timestamp() * 1000)
    hq.lists.forget_sent()
    again = hq.opened(hq.lists.next("site-1", hq.site(), issued, 1.0))
    assert (type(again), again.list_version) == (PresenceSnapshot, found.list_version + 1)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([IN, OUT]), st.integers(0, 50)), max_size=12), st.randoms()
)
def test_ok__in_any_order_the_same_people_are_inside(moves: list[tuple[int, Direction, int]], random: object) -> None:
    """By the time of each passage, in any order of arrival, and however often."""
    passages = [
        (
            f"w-{who}",
            Passage(way, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute), f"g{n % 2}", "e", n + 1),
        )
        for n, (who, way, minute) in enumerate(moves)
    ]

    def last(order: list[tuple[str, Passage]]) -> dict[str, Passage]:
        site = SitePassages()
        for who, passage in order:
            if site.replaces(who, passage):
                site.set(who, passage)
        return site.named

    mixed = [*passages, *passages]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert last(mixed) == last(passages)
