"""HQ's database: stored once, verified, and nothing that is wrong ever holds up the rest."""

from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ingest_rig import EVENTS_TOPIC, event_batch, event_records, ingest_of
from sync_rig import Rig, Stranger, note, utc, wait_until

from contract import parts
from contract.chain import link
from contract.codec import BadMessage, decode, encode
from contract.messages import (
    CommissioningEvent,
    CommissioningOutcome,
    CommissioningRecord,
    CommissioningStep,
    EnrolmentEvent,
    EnrolmentRecord,
    EventBatch,
    EventRecord,
    GateStatus,
    ListKind,
    SealedTemplate,
    StepState,
    WorkerRecord,
)
from contract.signing import COMMISSIONING, ENROLMENT, seal, sign
from edge.core.config import SiteConfig
from edge.storage.journal import Journal, JournalReader
from edge.system.clock import SystemClock
from hq.registry.import_file import ImportFile
from hq.reports import report

TEMPLATE = SealedTemplate(model_id="m", vector=np.eye(1, 128, dtype="<f2").tobytes())


def test_ok__batches_in_any_order_and_number_give_one_whole_chain(rig: Rig) -> None:
    journal = rig.journal()
    note(journal, 30)
    ingest, store = ingest_of(rig)
    records = event_records(rig)
    assert ingest.take(event_batch(journal, records[10:20])).ack.seq == 0
    assert ingest.take(event_batch(journal, records[0:12])).ack.seq == 12
    assert ingest.take(event_batch(journal, records[0:12])).stored == 0
    hole = ingest.take(event_batch(journal, records[15:30]))
    assert (hole.ack.seq, hole.hole) == (12, True)
    assert ingest.take(event_batch(journal, records[5:30])).ack.seq == 30
    assert rig.holds(store, 30)
    assert report.quarantine(store) == []


def test_ok__hq_restarts_and_goes_on_from_its_watermark(rig: Rig) -> None:
    journal = rig.journal()
    note(journal, 20)
    records = event_records(rig)
    ingest_of(rig)[0].take(event_batch(journal, records[:10]))
    ingest, store = ingest_of(rig)
    assert ingest.take(event_batch(journal, records[10:])).ack.seq == 20
    assert rig.holds(store, 20)


def test_fail__a_changed_record_is_kept_marked_and_passed(rig: Rig) -> None:
    journal = rig.journal()
    note(journal, 10)
    records = list(event_records(rig))
    records[4] = records[4].model_copy(update={"body": records[4].body.replace("tamper", "fire_on")})
    ingest, store = ingest_of(rig)
    assert ingest.take(event_batch(journal, tuple(records))).ack.seq == 10
    (verdict,) = report.verdicts(store)
    assert not verdict.ok
    assert verdict.held == 10
    assert "seq 5 was changed" in verdict.problem
    assert [row.seq for row in report.quarantine(store)] == [5]


def test_fail__a_hash_that_somebody_overwrote_is_found_and_named(rig: Rig) -> None:
    journal = rig.journal()
    note(journal, 4)
    ingest, store = ingest_of(rig)
    ingest.take(event_batch(journal, event_records(rig)))
    with store.write() as db:
        db.exec_driver_sql("UPDATE events SET hash = 'rubbish' WHERE seq = 2")
    assert "seq 2 was changed" in report.verdicts(store)[0].problem


def test_fail__two_gates_with_one_id(rig: Rig) -> None:
    journal = rig.journal()
    note(journal, 3)
    records = list(event_records(rig))
    ingest, store = ingest_of(rig)
    ingest.take(event_batch(journal, tuple(records)))
    body = records[2].body.replace('"detail":"2"', '"detail":"other"')
    twin = EventRecord(seq=3, prev_hash=records[1].hash, hash=link(records[1].hash, body), body=body)
    for _ in range(3):
        assert ingest.take(event_batch(journal, (*records[:2], twin))).ack.seq == 3
    (row,) = report.quarantine(store)
    assert "two gates with one id" in row.reason
    assert rig.holds(store, 3)


def _journal_of(folder: Path, events: int) -> list[EventBatch]:
    """A journal of its own as two batches."""
    journal = Journal(folder / "own.db", SiteConfig(), SystemClock())
    note(journal, events)
    reader = JournalReader(folder / "own.db")
    records = tuple(reader.records(0, events))
    reader.close()
    journal.close()
    return [event_batch(journal, records[: events // 2]), event_batch(journal, records[events // 2 :])]


def test_ok__a_new_journal_is_no_second_gate_whichever_worker_sees_what_of_it(rig: Rig, tmp_path: Path) -> None:
    first, second = _journal_of(tmp_path / "a", 4), _journal_of(tmp_path / "b", 4)
    one, store = ingest_of(rig)
    other = rig.ingest(store)
    one.take(first[0])
    other.take(first[1])  # `other` never sees the second journal begin
    one.take(second[0])
    other.take(second[1])
    assert report.quarantine(store) == []


def test_fail__an_old_journal_goes_on_beside_the_new_one(rig: Rig, tmp_path: Path) -> None:
    first, second = _journal_of(tmp_path / "a", 4), _journal_of(tmp_path / "b", 4)
    ingest, store = ingest_of(rig)
    for batch in (first[0], second[0], first[1], second[1]):
        ingest.take(batch)
    (told,) = report.quarantine(store)
    assert "two journals of this gate both go on" in told.reason
    saved, newer = _journal_of(tmp_path / "c", 4), _journal_of(tmp_path / "d", 2)
    for batch in (saved[0], newer[0], saved[1].model_copy(update={"set_aside": True}), newer[1]):
        ingest.take(batch)
    assert len(report.quarantine(store)) == 1, "what was saved from a damaged journal is no second gate"


def test_fail__an_event_with_a_nul_and_a_version_that_is_no_text_hold_up_nothing(rig: Rig) -> None:
    journal = rig.journal()
    note(journal, 2)
    records = event_records(rig)
    body = '{"type":"notice\0"}'
    poison = EventRecord(seq=3, prev_hash=records[1].hash, hash=link(records[1].hash, body), body=body)
    after = EventRecord(seq=4, prev_hash=poison.hash, hash=link(poison.hash, records[1].body), body=records[1].body)
    ingest, store = ingest_of(rig)
    assert ingest.take(event_batch(journal, (*records, poison, after))).ack.seq == 4
    with pytest.raises(BadMessage) as told:
        decode(EventBatch, b'{"version":"\\ud800\\u0000.0"}')
    ingest.rejected.keep("site-1", "gate-1", str(told.value), b"x")
    rows = {row.seq: row.reason for row in report.quarantine(store)}
    assert "cannot read" in rows[3]
    assert "\\ud800\\0" in rows[0]
    (verdict,) = report.verdicts(store)
    assert (verdict.held, verdict.ok) == (
        4,
        False,
    )  # what is held is not what was hashed: the quarantine has it as it came


def test_fail__rubbish_and_false_senders_go_to_quarantine_and_the_rest_flows(rig: Rig, stranger: Stranger) -> None:
    rig.hq()
    store, journal = rig.store(), rig.journal()
    note(journal, 5)
    stranger.subscribe("sitegate/v1/hq/state")
    wait_until(lambda: stranger.seen, "HQ is there")
    stranger.publish(EVENTS_TOPIC, b"rubbish")
    stranger.publish("sitegate/v1/site-1/gate-9/events", encode(event_batch(journal, event_records(rig))))
    stranger.publish(
        "sitegate/v1/site-1/gate-9/status", encode(GateStatus(gate_id="gate-1", site_id="site-1", online=True))
    )
    wait_until(lambda: len(report.quarantine(store)) == 3, "all three are in quarantine")
    rig.sync()
    wait_until(lambda: rig.holds(store, 5), "the gate's own events are held")
    assert [row.gate_id for row in report.gates(store)] == ["gate-1"]


def _enrolment(rig: Rig, journal: Journal, worker_id: str, consent: str = "c-9", inner: str | None = None) -> None:
    record = EnrolmentRecord(
        worker_id=inner or worker_id, consent_ref=consent, captured_utc=utc(), templates=(TEMPLATE,)
    )
    sealed = seal(encode(record), ENROLMENT, rig.keys.sealing.public_key())
    journal.append(EnrolmentEvent, worker_id=worker_id, consent_ref=consent, model_id="m", sealed_record=sealed)


def test_ok__an_enrolment_at_the_gate_comes_back_in_the_roster(rig: Rig) -> None:
    store = rig.store()
    rig.people(store).take(ImportFile(workers=(WorkerRecord(worker_id="w-1", sites=("site-1",), consent_ref="c-9"),)))
    rig.publisher(store).publish("site-1", ListKind.ROSTER)
    rig.hq()
    rig.sync()
    journal, roster = rig.journal(), rig.roster()
    _enrolment(rig, journal, "w-1")
    wait_until(lambda: roster.refresh() and roster.state.templates, "the template comes back")
    assert roster.state.roster.version == 2
    assert roster.state.templates[0][0] == "w-1"
    with store.read() as db:
        assert TEMPLATE.vector not in b"".join(
            row[0] for row in db.exec_driver_sql("SELECT sealed_record FROM templates")
        )


def test_fail__enrolments_that_cannot_be_used_are_held_and_marked(rig: Rig) -> None:
    ingest, store = ingest_of(rig)
    rig.people(store).take(ImportFile(workers=(WorkerRecord(worker_id="w-1"),)))
    journal = rig.journal()
    _enrolment(rig, journal, "w-unknown")
    _enrolment(rig, journal, "w-1", inner="w-2")
    journal.append(EnrolmentEvent, worker_id="w-1", consent_ref="c", model_id="m", sealed_record=b"nonsense")
    outcome = ingest.take(event_batch(journal, event_records(rig)))
    assert outcome.ack.seq == 3
    assert sorted(row.seq for row in report.quarantine(store)) == [1, 2, 3]


def test_fail__a_forged_commissioning_record_is_held_and_marked(rig: Rig) -> None:
    ingest, store = ingest_of(rig)
    journal, key, now = rig.journal(), Ed25519PrivateKey.generate(), utc()
    record = CommissioningRecord(
        gate_id="gate-1",
        site_id="site-1",
        technician="T-1",
        software="0",
        config_sha256="0" * 64,
        started_utc=now,
        finished_utc=now,
        outcome=CommissioningOutcome.FAILED,
        steps=(CommissioningStep(name="relay", state=StepState.PROBLEM),),
    )
    signed = sign(encode(record), COMMISSIONING, key)
    public = key.public_key().public_bytes_raw()
    told = {"outcome": CommissioningOutcome.FAILED, "signed_record": signed, "public_key": public}
    journal.append(CommissioningEvent, **told)
    journal.append(CommissioningEvent, **{**told, "outcome": CommissioningOutcome.PASSED})
    journal.append(CommissioningEvent, **{**told, "public_key": bytes(32)})
    assert ingest.take(event_batch(journal, event_records(rig))).ack.seq == 3
    assert sorted(row.seq for row in report.quarantine(store)) == [2, 3]


def test_ok__consent_decides_over_templates(rig: Rig) -> None:
    store = rig.store()
    people = rig.people(store)
    people.take(ImportFile(workers=(WorkerRecord(worker_id="w-1", consent_ref="c-1", templates=(TEMPLATE,)),)))

    def templates() -> int:
        with store.read() as db:
            return len(people.roster(db)[0].templates)

    assert templates() == 1
    people.take(ImportFile(workers=(WorkerRecord(worker_id="w-1", active=False),)))
    assert templates() == 1  # a consent that is not mentioned stays
    people.take(ImportFile(workers=(WorkerRecord(worker_id="w-1", consent_ref=None),)))
    assert templates() == 0
    with store.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM templates").scalar() == 0  # withdrawn is destroyed


def test_ok__an_old_list_is_signed_anew_by_the_running_hq(rig: Rig) -> None:
    store = rig.store()
    rig.publisher(store).publish("site-1", ListKind.RISK)
    with store.write() as db:
        db.exec_driver_sql("UPDATE list_versions SET issued_utc = '2026-01-01 00:00:00.000000'")
    rig.hq()
    wait_until(lambda: rig.publisher(store).newest_versions()[("site-1", ListKind.RISK)][0] == 2, "version 2")


def test_ok__only_the_newest_versions_of_a_list_are_kept(rig: Rig) -> None:
    publisher = rig.publisher(rig.store())
    assert [publisher.publish("site-1", ListKind.RISK, snapshot=True) for _ in range(8)] == list(range(1, 9))
    with rig.store().read() as db:
        versions = db.exec_driver_sql("SELECT list_version FROM list_versions ORDER BY list_version").scalars().all()
    assert versions == [4, 5, 6, 7, 8]


def test_fail__a_list_that_no_gate_would_take(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MAX_BYTES", 100)
    publisher = rig.publisher(rig.store())
    with pytest.raises(parts.ListTooLarge, match="a gate takes 100"):
        publisher.publish("site-1", ListKind.RISK)
    assert list(publisher.parts("site-1", ListKind.RISK)) == []
    assert publisher.newest_versions() == {}
