"""A gate that was updated before HQ: nothing lost, no alarm, and all of it read once HQ is updated too."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hq_postgres import Postgres
from pydantic import TypeAdapter
from sync_rig import Rig, note, utc, wait_until
from typer.testing import CliRunner

from contract import codec
from contract.chain import GENESIS, link
from contract.codec import encode
from contract.messages import (
    AccessEvent,
    EnrolmentEvent,
    EnrolmentRecord,
    EventBatch,
    EventRecord,
    ListKind,
    PassageEvent,
    SealedTemplate,
    WorkerRecord,
)
from contract.signing import ENROLMENT, seal
from edge.storage.journal import JournalReader
from hq.cli import app
from hq.database.dirty_lists import dirty
from hq.database.store import Store
from hq.ingest import newer_events as newer
from hq.ingest.ingest import Ingest
from hq.registry.import_file import ImportFile
from hq.reports import report


@contextmanager
def older_hq(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """HQ as it was a minor version ago, before there were notices and enrolments."""
    with monkeypatch.context() as then:
        then.setattr(codec, "_EVENT", TypeAdapter(AccessEvent | PassageEvent))
        then.setattr(codec, "_MINOR", codec._MINOR - 1)
        yield


def ingest(rig: Rig) -> tuple[Ingest, Store]:
    store = rig.store()
    return rig.ingest(store), store


def journal_of(rig: Rig, events: int = 0, **enrolment: str) -> EventBatch:
    journal = rig.journal()
    note(journal, events)
    if enrolment:
        template = SealedTemplate(model_id="m", vector=np.eye(1, 128, dtype="<f2").tobytes())
        record = EnrolmentRecord(**enrolment, captured_utc=utc(), templates=(template,))
        sealed = seal(encode(record), ENROLMENT, rig.keys.sealing.public_key())
        journal.append(EnrolmentEvent, **enrolment, model_id="m", sealed_record=sealed)
    reader = JournalReader(rig.state_dir / "gate/journal.db")
    try:
        records = tuple(reader.records(0, 500))
    finally:
        reader.close()
    return EventBatch(site_id="site-1", gate_id="gate-1", epoch=journal.epoch, records=records)


def types(store: Store) -> list[str]:
    return [row.type for row in report.events(store)]


def templates(rig: Rig, store: Store) -> int:
    with store.read() as db:
        return len(rig.people(store).roster(db)[0].templates)


def test_ok__held_verified_told_once_and_no_alarm(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = journal_of(rig, 3)
    with older_hq(monkeypatch):
        taker, store = ingest(rig)
        assert taker.take(batch).ack.seq == 3
    assert rig.holds(store, 3)
    assert report.quarantine(store) == []
    rows = report.events(store)
    assert [(row.type, row.reason) for row in rows] == [("newer", batch.version)] * 3
    assert all(row.utc for row in rows)  # what every event says can be read
    assert [v.newer for v in report.verdicts(store)] == [3]
    said = CliRunner().invoke(app, ["verify", "--dir", str(rig.hq_folder)])
    assert said.exit_code == 0
    assert "chain verified" in said.output
    assert "3 events of a newer version: update sitegate-hq" in said.output


def test_ok__the_updated_hq_reads_them_and_acts_on_them_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.people(rig.store()).take(
        ImportFile(workers=(WorkerRecord(worker_id="w-1", sites=("site-1",), consent_ref="c-1"),))
    )
    batch = journal_of(rig, 2, worker_id="w-1", consent_ref="c-1")
    with older_hq(monkeypatch):
        old, store = ingest(rig)
        old.take(batch)
        assert old.read_again() == 0  # a restart without an update
        assert (types(store), templates(rig, store)) == (["newer"] * 3, 0)
    updated, store = ingest(rig)
    assert updated.read_again() == 3
    assert types(store) == ["notice", "notice", "enrolment"]
    assert [row.reason for row in report.events(store)][:2] == ["tamper", "tamper"]
    assert templates(rig, store) == 1
    with store.write() as db:
        assert dirty(db)["site-1", ListKind.ROSTER]
    assert updated.read_again() == 0
    assert [v.newer for v in report.verdicts(store)] == [0]
    assert rig.holds(store, 3)
    assert report.quarantine(store) == []


@pytest.mark.long
def test_ok__on_postgresql_too(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Postgres()
    try:
        store = Store(server.database("hq"))
        taker = rig.ingest(store)
        with older_hq(monkeypatch):
            taker.take(journal_of(rig, 3))
        assert ([v.newer for v in report.verdicts(store)], types(store)) == ([3], ["newer"] * 3)
        assert (taker.read_again(), taker.read_again()) == (3, 0)
        assert types(store) == ["notice"] * 3
        store.close()
    finally:
        server.close()


def test_ok__the_service_reads_them_when_it_starts(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newer, "_AT_ONCE", 2)
    batch = journal_of(rig, 5)
    with older_hq(monkeypatch):
        taker, store = ingest(rig)
        taker.take(batch)
    rig.hq()
    wait_until(lambda: set(types(store)) == {"notice"}, "all are read")


def test_fail__what_did_not_verify_is_not_acted_on_later(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.people(rig.store()).take(
        ImportFile(workers=(WorkerRecord(worker_id="w-1", sites=("site-1",), consent_ref="c-1"),))
    )
    batch = journal_of(rig, 1, worker_id="w-1", consent_ref="c-1")
    access = AccessEvent.model_validate(
        {
            **json.loads(batch.records[0].body),
            "type": "access",
            "reason": "unknown",
            "granted": False,
            "advice": "wait",
            "direction": "in",
        }
    ).model_dump_json()
    first = EventRecord(seq=1, prev_hash=GENESIS, hash=link(GENESIS, access), body=access)
    forged = batch.records[1].model_copy(update={"prev_hash": GENESIS, "hash": link(GENESIS, batch.records[1].body)})
    with older_hq(monkeypatch):
        taker, store = ingest(rig)
        taker.take(batch.model_copy(update={"records": (first, forged)}))
        assert [row.seq for row in report.quarantine(store)] == [2]
    updated, store = ingest(rig)
    assert updated.read_again() == 1
    assert types(store)[1] == "enrolment"
    assert templates(rig, store) == 0
    assert [row.seq for row in report.quarantine(store)] == [2]


@pytest.mark.parametrize(
    "changes",
    [
        {"version": codec.VERSION},
        {"version": "1.0"},
        {"version": "1.99", "utc": None},
        {"version": "1.99", "gate_id": "gate-2"},
        {"version": "2.0"},
        {"version": "1." + "9" * 30},
        {"version": 1.99},
    ],
    ids=str,
)
def test_fail__a_broken_event_is_an_alarm_whatever_it_calls_itself(rig: Rig, changes: dict[str, object]) -> None:
    batch = journal_of(rig, 1)
    said = {**json.loads(batch.records[0].body), "type": "invented_later", **changes}
    body = json.dumps({key: value for key, value in said.items() if value is not None})
    record = EventRecord(seq=1, prev_hash=GENESIS, hash=link(GENESIS, body), body=body)
    taker, store = ingest(rig)
    assert taker.take(batch.model_copy(update={"records": (record,)})).ack.seq == 1
    assert [row.seq for row in report.quarantine(store)] == [1]
    assert taker.read_again() == 0


def test_ok__an_invented_event_of_a_newer_version_stays_unread(rig: Rig) -> None:
    batch = journal_of(rig, 1)
    body = json.dumps({**json.loads(batch.records[0].body), "type": "invented_later", "version": "1.99"})
    record = EventRecord(seq=1, prev_hash=GENESIS, hash=link(GENESIS, body), body=body)
    taker, store = ingest(rig)
    taker.take(batch.model_copy(update={"records": (record,)}))
    assert taker.read_again() == 0
    assert (types(store), report.quarantine(store)) == (["newer"], [])
