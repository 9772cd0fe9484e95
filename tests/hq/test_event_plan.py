"""What HQ plans to store of batches, without a database: in any order, in any groups, changed, or of two cards."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.chain import GENESIS, link, verify
from contract.messages import EventBatch, EventRecord, NoticeCode, NoticeEvent
from hq.database.values import BRANCH_MARK, EventRow, Journal, JournalKey, Watermark
from hq.ingest.batches import BatchOutcome, ReadBatch, examine
from hq.ingest.forks import JournalLine, branch_prefix
from hq.ingest.plan import Fault, HeldState, Plan, TwoJournals, compared_journals, gates_with_several_epochs, plan

UTC_NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


def chain(count: int, epoch: str = "e-1", after: Sequence[EventRecord] = (), detail: str = "") -> list[EventRecord]:
    """`count` records of a journal, or what follows on `after`."""
    records = list(after)
    for seq in range(len(records) + 1, count + 1):
        event = NoticeEvent(
            gate_id="gate-1",
            site_id="site-1",
            epoch=epoch,
            seq=seq,
            boot_id="b",
            utc=UTC_NOW,
            monotonic_ms=seq,
            clock_trusted=True,
            code=NoticeCode.TAMPER,
            detail=detail,
        )
        before, body = records[-1].hash if records else GENESIS, event.model_dump_json(exclude_none=True)
        records.append(EventRecord(seq=seq, prev_hash=before, hash=link(before, body), body=body))
    return records


def batch(records: Sequence[EventRecord], epoch: str = "e-1", base_seq: int | None = 0) -> ReadBatch:
    return examine(
        EventBatch(site_id="site-1", gate_id="gate-1", epoch=epoch, records=tuple(records), base_seq=base_seq)
    )


class MemoryHq:
    """What HQ holds, in memory: it executes plans as `hq.ingest.ingest` does."""

    def __init__(self) -> None:
        self.rows: list[EventRow] = []
        self.marks: dict[Journal, Watermark] = {}
        self.epochs: dict[str, str] = {}
        self.findings: list[object] = []

    def take(self, *batches: ReadBatch) -> Plan:
        compared = compared_journals(batches, self.marks)
        begun = {row.gate_id: row.epoch.partition(BRANCH_MARK)[0] for row in self.rows if row.seq == 1}
        several = gates_with_several_epochs(batches, self.epochs)
        held = HeldState(
            utc=UTC_NOW,
            accepted=set(range(len(batches))),
            marks=self.marks,
            lines={key.journal: self._lines(key, numbers) for key, numbers in compared.items()},
            begun_last={gate: begun.get(gate, "") for gate in several},
            last_epochs=self.epochs,
        )
        made = plan(batches, held)
        self.rows += made.rows
        self.marks |= {journal: mark for journal, (_, mark) in made.marks.items()}
        self.epochs |= made.epochs
        self.findings += made.findings
        return made

    def lines(self) -> dict[str, list[EventRow]]:
        """The rows of each line, in order."""
        epochs = dict.fromkeys(row.epoch for row in self.rows)
        return {epoch: sorted((r for r in self.rows if r.epoch == epoch), key=lambda r: r.seq) for epoch in epochs}

    def _lines(self, key: JournalKey, numbers: Sequence[tuple[int, int]]) -> list[JournalLine]:
        found = [JournalLine(key, self.marks.get(key.journal, Watermark()))]
        for (gate_id, epoch), mark in self.marks.items():
            if epoch.startswith(branch_prefix(key.epoch)):
                first = min((r for r in self.rows if r.epoch == epoch), key=lambda r: r.seq)
                branch = JournalKey(key.site_id, gate_id, epoch, written_as=key.epoch)
                found.append(JournalLine(branch, mark, (first.seq - 1, first.prev_hash)))
        for line in found:
            mine = (row for row in self.rows if row.epoch == line.key.epoch)
            line.hashes = {r.seq: r.hash for r in mine if any(a <= r.seq <= b for a, b in numbers)}
        return found


def cut(records: Sequence[EventRecord], at: set[int]) -> list[ReadBatch]:
    """The records as batches, cut before these places."""
    edges = sorted({0, len(records), *(place for place in at if place < len(records))})
    return [batch(records[first:last]) for first, last in pairwise(edges)]


def deliver(hq: MemoryHq, groups: Sequence[Sequence[ReadBatch]]) -> None:
    """What the service does: batches before a hole are tried again, until nothing moves."""
    waiting: list[ReadBatch] = []
    for group in groups:
        waiting = retry(hq, [*waiting, *group])
    while waiting:
        left = retry(hq, waiting)
        assert len(left) < len(waiting), "a batch waits for ever"
        waiting = left


def retry(hq: MemoryHq, batches: Sequence[ReadBatch]) -> list[ReadBatch]:
    outcomes = hq.take(*batches).outcomes if batches else {}
    return [batches[number] for number, outcome in outcomes.items() if outcome.hole]


def grouped(data: st.DataObject, batches: Sequence[ReadBatch]) -> list[list[ReadBatch]]:
    """The batches in any order, some of them twice, in any groups."""
    order = data.draw(st.permutations([*batches, *data.draw(st.lists(st.sampled_from(batches), max_size=3))]))
    edges = sorted({0, len(order), *data.draw(st.sets(st.integers(0, len(order)), max_size=4))})
    return [list(order[first:last]) for first, last in pairwise(edges)]


def whole(rows: Sequence[EventRow], base: tuple[int, str] = (0, GENESIS)) -> tuple[int, str]:
    """Walk the chain of a line. Raises BrokenChain."""
    return verify((EventRecord(seq=r.seq, prev_hash=r.prev_hash, hash=r.hash, body=r.body) for r in rows), *base)


SIZES = st.integers(1, 12)
PLACES = st.sets(st.integers(1, 11), max_size=4)


@given(SIZES, PLACES, st.data())
def test_ok__batches_in_any_order_and_groups_give_one_whole_chain(
    count: int, at: set[int], data: st.DataObject
) -> None:
    records, hq = chain(count), MemoryHq()
    deliver(hq, grouped(data, cut(records, at)))
    assert sorted((row.seq, row.hash) for row in hq.rows) == [(r.seq, r.hash) for r in records], "each once"
    assert hq.marks == {("gate-1", "e-1"): Watermark(count, records[-1].hash)}
    assert hq.findings == []


@given(SIZES, PLACES, st.integers(0, 11))
def test_ok__what_is_held_already_is_only_acknowledged(count: int, at: set[int], shift: int) -> None:
    records, hq = chain(count), MemoryHq()
    deliver(hq, [cut(records, at)])
    before = list(hq.rows)
    again = hq.take(*cut(records[shift % count :], at))
    assert (again.rows, again.marks, again.findings) == ([], {}, [])
    assert hq.rows == before
    assert {outcome.ack.seq for outcome in again.outcomes.values() if outcome.ack} == {count}


@given(SIZES, PLACES, st.data())
def test_ok__one_group_and_batch_by_batch_plan_the_same(count: int, at: set[int], data: st.DataObject) -> None:
    """What the plan remembers of earlier batches is what the database would say of them."""
    shared = data.draw(st.integers(0, count))
    records = chain(count)
    other = chain(count + 1, after=records[:shared], detail="another card")
    order = data.draw(st.permutations([*cut(records, at), *cut(other, at)]))
    order = sorted(order, key=lambda one: one.records[0].seq)  # a group is stored by its numbers
    together, apart = MemoryHq(), MemoryHq()
    outcomes = together.take(*order).outcomes
    one_by_one: list[BatchOutcome] = [apart.take(one).outcomes[0] for one in order]
    assert together.rows == apart.rows
    assert together.marks == apart.marks
    assert together.findings == apart.findings
    assert [outcomes[number] for number in range(len(order))] == one_by_one


@given(st.integers(2, 12), PLACES, st.data())
def test_fail__a_changed_record_is_stored_marked_and_passed(count: int, at: set[int], data: st.DataObject) -> None:
    records = chain(count)
    place = data.draw(st.integers(0, count - 1))
    records[place] = records[place].model_copy(update={"body": records[place].body.replace("tamper", "fire_on")})
    hq = MemoryHq()
    deliver(hq, [cut(records, at)])
    assert [(found.record.seq, found.reason) for found in hq.findings if isinstance(found, Fault)] == [
        (place + 1, "was changed after it was written")
    ]
    assert len(hq.rows) == len(hq.findings) - 1 + count, "it is stored, and holds up nothing"


@given(st.integers(2, 12), st.data())
def test_fail__history_that_was_rewritten_never_replaces_what_is_held(count: int, data: st.DataObject) -> None:
    """Of an older gate, which cannot tell where its journal begins: the record is compared, and marked."""
    records, hq = chain(count), MemoryHq()
    hq.take(batch(records, base_seq=None))
    place = data.draw(st.integers(0, count - 1))
    other = chain(place + 1, after=records[:place], detail="rewritten")
    made = hq.take(batch(other, base_seq=None))
    assert [(found.record.seq, found.reason) for found in made.findings if isinstance(found, Fault)] == [
        (place + 1, "differs from the event held under its number: two gates with one id?")
    ]
    assert (made.rows, made.marks) == ([], {})


@given(st.integers(0, 8), st.integers(1, 6), st.integers(1, 6), PLACES, st.data())
def test_ok__two_cards_with_one_journal_are_both_held_whole(
    shared: int, more: int, others: int, at: set[int], data: st.DataObject
) -> None:
    """Whichever comes first keeps the name of the epoch; the other line is a branch, and nothing is mixed."""
    one = chain(shared + more, detail="one", after=chain(shared))
    two = chain(shared + others, detail="two", after=chain(shared))
    hq = MemoryHq()
    deliver(hq, grouped(data, [*cut(one, at), *cut(two, at)]))
    lines = hq.lines()
    trunk = lines.pop("e-1")
    assert whole(trunk)[1] in (one[-1].hash, two[-1].hash)
    for epoch, rows in lines.items():
        assert epoch.startswith(f"e-1{BRANCH_MARK}")
        whole(rows, (rows[0].seq - 1, rows[0].prev_hash))
    held = {row.hash for row in hq.rows}
    assert {record.hash for record in (*one, *two)} <= held
    assert len(hq.rows) == len(held), "no record twice"
    assert all("two gates with one id" in found.reason for found in hq.findings if isinstance(found, Fault))
    assert len(hq.findings) == len(lines) == 1


@given(st.integers(1, 5), st.integers(1, 5))
def test_ok__what_follows_a_gap_that_nobody_can_fill_begins_a_branch(missing: int, count: int) -> None:
    """HQ was restored from a backup, and the gate has removed the events in between."""
    records, hq = chain(3 + missing + count), MemoryHq()
    hq.take(batch(records[:3]))
    waits = hq.take(batch(records[3 + missing :], base_seq=0))
    assert waits.outcomes[0].hole and not waits.rows, "the gate still has it: it comes"
    made = hq.take(batch(records[3 + missing :], base_seq=3 + missing))
    assert len(made.rows) == count
    (found,) = made.findings
    assert isinstance(found, Fault) and found.reason.startswith(f"follows a gap: events 4 to {3 + missing} ")


@pytest.mark.parametrize("apart", [True, False])
def test_fail__an_old_journal_that_goes_on_beside_the_new_one_is_reported(apart: bool) -> None:
    old, new, hq = chain(4, "e-1"), chain(2, "e-2"), MemoryHq()
    hq.take(batch(old[:2], "e-1"))
    hq.take(batch(new[:1], "e-2"))
    goes_on = [batch(old[2:], "e-1"), batch(new[1:], "e-2")]
    for group in [[one] for one in goes_on] if apart else [goes_on]:
        hq.take(*group)
    assert [found.epochs for found in hq.findings if isinstance(found, TwoJournals)] == ["e-1/e-2"]
