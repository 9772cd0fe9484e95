"""Any number of computers with copies of one journal, batches in any order, twice and late: each gets all of its events
to HQ, every line's chain is whole, nothing is held twice."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hq_postgres import Postgres
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sync_rig import Rig

from contract.chain import GENESIS, link, verify
from contract.messages import EventBatch, EventRecord
from hq.database.events import chain
from hq.database.store import Store
from hq.database.values import BRANCH_MARK, JournalKey
from hq.ingest.ingest import Ingest
from hq.reports import report

_numbers = count(1)


class Computer:
    """A gate's sync as far as HQ can tell: it goes on after what HQ holds of its own line."""

    def __init__(self, records: list[EventRecord], base: int, acked: int) -> None:
        self.records, self.base, self.acked = records, base, acked

    def write(self, how_many: int, what: str) -> None:
        for _ in range(how_many):
            prev = self.records[-1].hash if self.records else GENESIS
            body = f'{{"detail":"{what}{next(_numbers)}"}}'
            self.records.append(
                EventRecord(seq=len(self.records) + 1, prev_hash=prev, hash=link(prev, body), body=body)
            )

    def batch(self, epoch: str, size: int) -> EventBatch | None:
        after = max(self.acked, self.base)
        some = tuple(self.records[after : after + size])
        return (some and EventBatch(site_id="s", gate_id="g", epoch=epoch, base_seq=self.base, records=some)) or None

    def hear(self, ack: object) -> None:
        for seq, digest in ((ack.seq, ack.hash), (ack.batch_seq, ack.batch_hash)):  # type: ignore[attr-defined]
            if seq and seq <= len(self.records) and self.records[seq - 1].hash == digest:
                self.acked = max(self.acked, seq)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def hq(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Ingest]]:
    folder: Path = tmp_path_factory.mktemp("branches")
    server = Postgres() if request.param == "postgresql" else None
    store = Store(server.database("hq") if server else f"sqlite:///{folder}/hq.db")
    rig = Rig(folder, 1)
    yield store, rig.ingest(store)
    store.close()
    rig.close()
    if server:
        server.close()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 9), st.integers(1, 8)),
        st.tuples(st.just("copy"), st.integers(0, 9), st.integers(0, 100)),
        st.tuples(st.just("send"), st.integers(0, 9), st.integers(1, 7)),
        st.tuples(st.just("lose"), st.integers(0, 9), st.integers(1, 7)),
        st.tuples(st.just("again"), st.integers(0, 9), st.integers(0, 50)),
        st.tuples(st.just("prune"), st.integers(0, 9), st.integers(0, 20)),
    ),
    max_size=40,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_ok__every_copy_of_a_journal_is_held_whole(hq: tuple[Store, Ingest], steps: list[tuple[str, int, int]]) -> None:
    store, ingest = hq
    epoch = f"e-{next(_numbers)}"
    computers, sent = [Computer([], 0, 0)], []
    computers[0].write(5, "first")
    for what, who, value in steps:
        one = computers[who % len(computers)]
        if what == "write":
            one.write(value, "event")
        elif what == "copy" and len(computers) < 4:
            upto = max(one.base, len(one.records) * value // 100)  # an image of now, or an older one
            computers.append(Computer(one.records[:upto], one.base, min(one.acked, upto)))
        elif what in ("send", "lose") and (batch := one.batch(epoch, value)):
            sent.append(batch)
            if what == "send":
                one.hear(ingest.take(batch).ack)
        elif what == "again" and sent:
            ack = ingest.take(sent[value % len(sent)]).ack
            for computer in computers:
                computer.hear(ack)
        elif what == "prune":
            one.base = max(one.base, min(one.acked, value))
    for computer in computers:
        while batch := computer.batch(epoch, 5):
            before = computer.acked
            computer.hear(ingest.take(batch).ack)
            assert computer.acked > before, "nothing may hold it up"
    held: list[str] = []
    for verdict in report.verdicts(store):
        if verdict.epoch.partition(BRANCH_MARK)[0] == epoch:
            key = JournalKey("s", "g", verdict.epoch)
            with store.read() as db:
                records = list(chain(db, key))
            verify(records, records[0].seq - 1, records[0].prev_hash)
            held += [record.hash for record in records]
    assert len(held) == len(set(held))
    assert set(held) == {record.hash for computer in computers for record in computer.records}
