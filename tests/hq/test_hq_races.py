"""Several of HQ's processes write the same thing at the same moment, and processes and servers die in between."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pytest
from hq_postgres_fixtures import rig as rig
from hq_postgres_fixtures import server as server
from hq_postgres_fixtures import url as url
from sqlalchemy import Connection, func, select
from sync_rig import Rig, Stranger, note, utc, wait_until

from contract.chain import GENESIS, link
from contract.codec import decode, encode
from contract.messages import (
    Ack,
    EnrolmentEvent,
    EnrolmentRecord,
    EventBatch,
    EventRecord,
    GateStatus,
    Health,
    ListKind,
    SealedTemplate,
    WorkerRecord,
)
from contract.signing import ENROLMENT, seal, verify
from contract.topics import Channel
from hq.database import tables as t
from hq.database.dirty_lists import dirty, mark
from hq.database.errors import DatabaseAway
from hq.database.gate_reports import set_health, set_status
from hq.database.quarantine import quarantined
from hq.database.store import Store
from hq.database.tasks import add_task, finish_task, task_count
from hq.ingest.batches import examine
from hq.lists.site_lists import RosterList
from hq.registry.import_file import ImportFile
from hq.reports import report

ROUNDS = 10


def at_once(*works: Callable[[], object]) -> list[object]:
    """Each in a thread of its own, begun at the same moment; what they returned."""
    barrier = threading.Barrier(len(works))
    results: list[object] = [None] * len(works)
    failures: list[BaseException] = []

    def run(place: int) -> None:
        try:
            barrier.wait(20)
            results[place] = works[place]()
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures, failures
    return results


def enrolment(rig: Rig, gate_id: str, record: EnrolmentRecord) -> EventBatch:
    """The first batch of a gate whose first event is this enrolment."""
    event = EnrolmentEvent(
        gate_id=gate_id,
        site_id="site-1",
        epoch="e-1",
        seq=1,
        boot_id="b",
        utc=utc(),
        monotonic_ms=0,
        clock_trusted=True,
        worker_id=record.worker_id,
        consent_ref=record.consent_ref,
        model_id="m",
        sealed_record=seal(encode(record), ENROLMENT, rig.keys.sealing.public_key()),
    )
    body = event.model_dump_json(exclude_none=True)
    written = EventRecord(seq=1, prev_hash=GENESIS, hash=link(GENESIS, body), body=body)
    return EventBatch(site_id="site-1", gate_id=gate_id, epoch="e-1", records=(written,))


def test_ok__two_processes_meet_a_new_gate_at_the_same_moment(rig: Rig) -> None:
    one, two = rig.store(), rig.store()
    for number in range(ROUNDS):
        gate = f"g-{number}"
        at_once(
            lambda gate=gate: set_status(one, GateStatus(gate_id=gate, site_id="site-1", online=True)),
            lambda gate=gate: set_health(two, Health(gate_id=gate, site_id="site-1", utc=utc(), unsent_events=3)),
        )
    rows = report.gates(one)
    assert len(rows) == ROUNDS
    assert all(row.status and row.status.online and row.health and row.health.unsent_events == 3 for row in rows)


def test_ok__two_processes_get_the_same_rubbish_and_keep_it_once(rig: Rig) -> None:
    ingests = [rig.ingest(store) for store in (rig.store(), rig.store())]
    for number in range(ROUNDS):
        payload = str(number).encode()
        at_once(*(lambda i=i, p=payload: i.rejected.keep("site-1", "gate-1", "no batch", p) for i in ingests))
    with rig.store().read() as db:
        assert quarantined(db) == ROUNDS


def test_ok__two_processes_begin_the_same_journals_and_no_event_comes_twice(rig: Rig) -> None:
    stores = [rig.store(), rig.store()]
    ingests = [rig.ingest(store) for store in stores]
    people = rig.people(stores[0])
    people.take(ImportFile(workers=(WorkerRecord(worker_id="w-1", sites=("site-1",), consent_ref="c"),)))
    template = SealedTemplate(model_id="m", vector=np.eye(1, 128, dtype="<f2").tobytes())
    record = EnrolmentRecord(worker_id="w-1", consent_ref="c", captured_utc=utc(), templates=(template,))
    gates = [f"g-{number}" for number in range(ROUNDS)]
    arrivals = [examine(enrolment(rig, gate, record)) for gate in gates]
    forward, backward = arrivals, arrivals[::-1]  # each holds what the other wants next: nobody may wait for ever
    found = at_once(lambda: ingests[0].take_all(forward), lambda: ingests[1].take_all(backward))
    stored = [outcome.stored for side in found for outcome in side if outcome]  # type: ignore[attr-defined]
    assert sum(stored) == ROUNDS
    assert rig.holds(stores[0], ROUNDS)
    with stores[0].read() as db:
        assert db.execute(select(func.count()).select_from(t.templates)).scalar_one() == 1
        assert dirty(db)["site-1", ListKind.ROSTER] == 2, "of the import, and of the record, which counts once"
    assert report.quarantine(stores[0]) == []


def test_fail__a_nul_in_an_event_does_not_stop_postgresql(rig: Rig) -> None:
    body = '{"type":"notice\0"}'
    poison = EventRecord(seq=1, prev_hash=GENESIS, hash=link(GENESIS, body), body=body)
    store = rig.store()
    arrival = examine(EventBatch(site_id="site-1", gate_id="gate-1", epoch="e", records=(poison,)))
    (outcome,) = rig.ingest(store).take_all([arrival])
    assert outcome is not None
    assert outcome.ack.seq == 1
    assert "cannot read" in report.quarantine(store)[0].reason


def test_fail__an_enrolment_with_a_nul_does_not_stop_postgresql(rig: Rig) -> None:
    store = rig.store()
    people = rig.people(store)
    people.take(ImportFile(workers=(WorkerRecord(worker_id="w-1", sites=("site-1",), consent_ref="c"),)))
    template = SealedTemplate(model_id="m", vector=np.eye(1, 8, dtype="<f2").tobytes())
    record = EnrolmentRecord(worker_id="w-1", consent_ref="c\0x", captured_utc=utc(), templates=(template,))
    (outcome,) = rig.ingest(store).take_all([examine(enrolment(rig, "gate-1", record))])
    assert outcome is not None and outcome.ack.seq == 1
    assert "no database holds" in report.quarantine(store)[0].reason


def test_fail__a_batch_that_the_database_cannot_hold_stops_no_other(rig: Rig) -> None:
    store = rig.store()
    people = rig.people(store)
    people.take(ImportFile(workers=(WorkerRecord(worker_id="w-1", sites=("site-1",), consent_ref="c"),)))
    template = SealedTemplate(model_id="m", vector=np.eye(1, 8, dtype="<f2").tobytes())
    record = EnrolmentRecord(worker_id="w-1", consent_ref="c", captured_utc=utc(), templates=(template,))
    first, bad, last = (examine(enrolment(rig, gate, record)) for gate in ("g-1", "too-long-a-name", "g-2"))
    with store.write() as db:
        db.exec_driver_sql("ALTER TABLE events ALTER COLUMN gate_id TYPE varchar(8)")
    outcomes = rig.ingest(store).take_all([first, bad, last])
    assert [outcome.ack.seq for outcome in outcomes if outcome] == [1, 0, 1]
    (row,) = report.quarantine(store)
    assert (row.gate_id, "value too long" in row.reason) == ("too-long-a-name", True)


def test_ok__fingerprints_and_contents_of_a_list_are_of_one_moment(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    store = rig.store()
    people, publisher, seen = rig.people(store), rig.publisher(store), RosterList.fingerprints
    people.take(ImportFile(workers=(WorkerRecord(worker_id="w-1", sites=("site-1",), consent_ref="c"),)))

    def and_then_an_import(self: RosterList, db: Connection, site_id: str) -> Iterable[Mapping[str, str]]:
        yield from seen(self, db, site_id)
        people.take(ImportFile(workers=(WorkerRecord(worker_id="w-2", sites=("site-1",)),)))
        named.append({worker.worker_id for page in people.site_people.workers(db, site_id) for worker, _ in page})

    named: list[set[str]] = []
    publisher.publish("site-1", ListKind.ROSTER)
    monkeypatch.setattr(RosterList, "fingerprints", and_then_an_import)
    publisher.publish("site-1", ListKind.ROSTER)
    assert named == [{"w-1"}], "what is published is what the fingerprints are of"
    with store.read() as db:
        assert dirty(db)["site-1", ListKind.ROSTER] == 1, "the import has its mark, which no publication took off"


def test_ok__a_task_that_is_asked_for_meanwhile_is_not_struck_off(rig: Rig) -> None:
    store = rig.store()
    with store.write() as db:
        add_task(db, "x")
    with store.read() as db:
        asked = task_count(db, "x")
    with store.write() as db:
        add_task(db, "x")
    with store.write() as db:
        finish_task(db, "x", asked)
        assert task_count(db, "x") == 2
        finish_task(db, "x", 2)
        assert task_count(db, "x") == 0


DIES = """
import os, sys, threading
from pathlib import Path
from hq import config, service
from hq.database import dirty_lists
dirty_lists.take_off = lambda *_: os._exit(9)
service.HqService(config.load(Path(sys.argv[1]))).run(threading.Event())
"""


def test_ok__hq_dies_while_it_publishes_and_does_it_after_the_restart(rig: Rig) -> None:
    store = rig.store()
    publisher = rig.publisher(store)
    publisher.publish("site-1", ListKind.ROSTER)
    with store.write() as db:
        mark(db, ["site-1"], ListKind.ROSTER)
    died = subprocess.run([sys.executable, "-c", DIES, str(rig.hq_folder)], timeout=60, capture_output=True)
    assert died.returncode == 9, died.stderr
    with store.read() as db:
        assert dirty(db)["site-1", ListKind.ROSTER] == 1
    assert publisher.newest_versions()[("site-1", ListKind.ROSTER)][0] == 1, "nothing half done"
    rig.hq()
    wait_until(lambda: publisher.newest_versions()[("site-1", ListKind.ROSTER)][0] == 2, "published after all")


def _backends(store: Store) -> list[int]:
    with store.read() as db:
        rows = db.exec_driver_sql(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [int(row[0]) for row in rows]


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.long)])
def test_ok__killed_backends_lose_no_event_that_was_acknowledged(rig: Rig, stranger: Stranger, rounds: int) -> None:
    stranger.subscribe("sitegate/v1/site-1/gate-1/ack")
    journal, store = rig.journal(), rig.store()
    key = rig.keys.signing.public_key()
    rig.hq()
    rig.sync()
    for number in range(rounds):
        seen = len(stranger.seen)
        note(journal, 150)
        wait_until(lambda seen=seen: len(stranger.seen) > seen, "some of it is acknowledged")
        os.kill(_backends(store)[0], signal.SIGKILL)  # the server throws everybody out, and recovers from its log
        promised = max(decode(Ack, verify(p, Channel.ACK.value, key)).seq for _, p, _ in list(stranger.seen))
        time.sleep(0.3)  # the server needs a moment to notice
        first: list[int] = []  # what it holds when it is just back: later the gate may have sent again what was lost
        wait_until(lambda first=first: first or _read(store, first), "the server is back")
        assert first[0] >= promised, f"round {number}"
    wait_until(lambda: _holds(rig, store, 150 * rounds), "HQ holds all of it")
    assert report.quarantine(store) == []


def _read(store: Store, into: list[int]) -> bool:
    try:
        into.append(sum(v.held for v in report.verdicts(store)))
    except DatabaseAway:
        return False
    return True


def _holds(rig: Rig, store: Store, count: int) -> bool:
    try:
        return rig.holds(store, count)
    except DatabaseAway:
        return False


def test_fail__a_site_without_its_key_stops_neither_hq_nor_the_other_sites(rig: Rig) -> None:
    store = rig.store()
    publisher = rig.publisher(store)
    for site in ("site-1", "site-2"):
        publisher.publish(site, ListKind.ROSTER)
    (rig.hq_folder / "keys/sites/site-1.pub.pem").unlink()
    with store.write() as db:
        mark(db, ["site-1", "site-2"], ListKind.ROSTER)
    rig.hq()
    wait_until(lambda: publisher.newest_versions()[("site-2", ListKind.ROSTER)][0] == 2, "the other site's is there")
    wait_until(lambda: _marked(store) == {"site-1"}, "the site without its key stays marked")
    assert publisher.newest_versions()[("site-1", ListKind.ROSTER)][0] == 1


def _marked(store: Store) -> set[str]:
    with store.read() as db:
        return {site_id for site_id, kind in dirty(db) if kind is ListKind.ROSTER}
