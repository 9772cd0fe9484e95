"""HQ reports what is wrong with one gate, one row or one list. It stops nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs
from sync_rig import Rig, utc
from typer.testing import CliRunner

from contract.chain import GENESIS, link
from contract.codec import encode
from contract.messages import (
    DIMENSION_MAX,
    ClockEvent,
    CommandAction,
    EnrolmentRecord,
    EventBatch,
    EventRecord,
    GateStatus,
    ListKind,
    NoticeCode,
    NoticeEvent,
    SealedTemplate,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import roster_content
from contract.signing import key_id
from hq import config as hq_config
from hq.cli import app
from hq.database import tables as t
from hq.database.dirty_lists import dirty, mark
from hq.database.errors import DatabaseAway
from hq.database.store import Store
from hq.ingest import corrected_times as times
from hq.ingest import ingest as ingest_module
from hq.ingest.batches import ReadBatch, examine
from hq.ingest.corrected_times import correct_earlier
from hq.ingest.ingest import Ingest
from hq.keys import keys, rotation
from hq.lists import publisher as publish
from hq.mqtt import BrokerMessage
from hq.registry.import_draft import EnrolmentRefused
from hq.registry.import_file import ImportFile
from hq.reports import report
from hq.service import HqService, small_tasks

SITE, GATE = "site-1", "gate-1"
ROSTER = ListKind.ROSTER
START = datetime(2026, 3, 2, 7, tzinfo=UTC)


class Chain:
    """A journal of one boot; its monotonic clock runs one second an event, its wall clock with it."""

    def __init__(self, epoch: str) -> None:
        self._epoch, self._seq, self._hash = epoch, 0, GENESIS

    def notes(self, count: int) -> ReadBatch:
        return self._batch(*(NoticeEvent(**self._next(), code=NoticeCode.TAMPER) for _ in range(count)))

    def setting(self, ahead: timedelta) -> ReadBatch:
        return self._batch(ClockEvent(**self._next(ahead), was_utc=START, was_trusted=True))

    def _next(self, ahead: timedelta = timedelta()) -> dict[str, object]:
        self._seq += 1
        return {
            "gate_id": GATE,
            "site_id": SITE,
            "epoch": self._epoch,
            "seq": self._seq,
            "boot_id": "b",
            "utc": START + timedelta(seconds=self._seq) + ahead,
            "monotonic_ms": 1000 * self._seq,
            "clock_trusted": True,
        }

    def _batch(self, *events: NoticeEvent | ClockEvent) -> ReadBatch:
        records = []
        for event in events:
            body = event.model_dump_json(exclude_none=True)
            before, self._hash = self._hash, link(self._hash, body)
            records.append(EventRecord(seq=event.seq, prev_hash=before, hash=self._hash, body=body))
        return examine(EventBatch(site_id=SITE, gate_id=GATE, epoch=self._epoch, records=tuple(records), base_seq=0))


@pytest.fixture
def store(rig: Rig) -> Store:
    return rig.store()


@pytest.fixture
def ingest(rig: Rig, store: Store) -> Ingest:
    return rig.ingest(store)


@pytest.fixture
def hq(rig: Rig) -> Iterator[HqService]:
    """A service whose turns the test takes; it is not connected."""
    rig.take_unsigned()
    rig.publish_at_once()
    made = HqService(hq_config.load(rig.hq_folder))
    yield made
    made.close()


# People


@pytest.mark.parametrize(("consent", "vector"), [("c\0x", b"\0" * 256), ("c", b"\0" * 2 * (DIMENSION_MAX + 1))])
def test_fail__an_enrolment_that_no_database_or_gate_holds(rig: Rig, store: Store, consent: str, vector: bytes) -> None:
    template = SealedTemplate(model_id="m", vector=vector)
    record = EnrolmentRecord(worker_id="w-1", consent_ref=consent, captured_utc=utc(), templates=(template,))
    with pytest.raises(EnrolmentRefused, match=r"which no gate reads|no database holds"):
        rig.people(store).take(ImportFile(workers=(WorkerRecord(worker_id="w-1"),), enrolments=(record,)))


def test_ok__a_template_that_no_gate_reads_is_left_out_of_the_roster() -> None:
    found = [SealedTemplate(model_id="m", vector=np.zeros(n, "<f2").tobytes()) for n in (DIMENSION_MAX + 1, 8)]
    worker = WorkerRecord(worker_id="w-1", consent_ref="c", templates=tuple(found))
    content = roster_content(SnapshotHeader(site_id=SITE, list_version=1, issued_utc=utc()), [worker])
    assert len(content.vectors) == 16


# Journals


def test_ok__the_end_of_an_old_journal_and_the_beginning_of_a_new_one_come_together(
    ingest: Ingest, store: Store
) -> None:
    old, new = Chain("e-1"), Chain("e-2")
    held = old.notes(10)
    ingest.take_all([held])
    resent = old.notes(5)
    resent = replace(resent, records=held.records[5:] + resent.records, events={**held.events, **resent.events})
    assert all(ingest.take_all([resent, new.notes(2), new.notes(3)]))
    assert report.quarantine(store) == []


def test_fail__what_was_rolled_back_is_noticed_again_when_it_is_tried_again(
    ingest: Ingest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Chain("e-1"), Chain("e-2")
    ingest.take_all([first.notes(1)])
    ingest.take_all([second.notes(1)])
    goes_on = first.notes(1)

    def away(*_: object) -> None:
        raise DatabaseAway("gone")

    with monkeypatch.context() as patch, pytest.raises(DatabaseAway):
        patch.setattr(ingest_module, "add_events", away)
        ingest.take_all([goes_on])
    ingest.take_all([goes_on])
    assert [row.reason for row in report.quarantine(store)] == [ingest_module.TWINS]


def test_ok__a_gate_hears_of_the_journal_it_began_last(ingest: Ingest) -> None:
    for epoch, count in (("e-1", 3), ("e-2", 2)):
        ingest.take_all([Chain(epoch).notes(count)])
    assert [(ack.epoch, ack.seq) for ack in ingest.acks(GATE)] == [("e-2", 2)]


# Times


def test_ok__a_long_boot_is_corrected_by_and_by_and_only_by_its_newest_setting(
    ingest: Ingest, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(times, "PAGE", 10)
    monkeypatch.setattr(times, "AT_ONCE", 20)
    journal, read = Chain("e-1"), []
    ingest.take_all([journal.notes(100)])
    page = times.events_before
    monkeypatch.setattr(times, "events_before", lambda *asked: read.append(1) or page(*asked))
    ingest.take_all([journal.setting(timedelta(hours=n)) for n in range(1, 30)])
    assert len(read) == 2, "of 29 settings the newest, and of the boot so much as one transaction bears"
    ingest.take_all([journal.setting(timedelta(days=2))])
    assert sum(row.corrected_utc is not None for row in report.events(store, limit=1000)) < 100
    while correct_earlier(store):
        pass
    rows = sorted(report.events(store, limit=1000), key=lambda row: row.seq)
    right = [START + timedelta(seconds=n, days=2) for n in range(1, 130)]
    assert [row.corrected_utc for row in rows] == [*right, None]
    with store.read() as db:
        assert db.execute(t.pending.select()).all() == []


# Lists and orders


def _damage(store: Store, who: str) -> bytes:
    """Change a worker's row; what it was."""
    with store.write() as db:
        right = db.execute(t.workers.select().where(t.workers.c.worker_id == who)).one().record
        db.execute(update(t.workers).where(t.workers.c.worker_id == who).values(record=right[:-1] + b"x"))
    return bytes(right)


def test_ok__an_unreadable_order_is_told_of_once_and_the_others_go(rig: Rig, store: Store) -> None:
    commands = rig.commands(store)
    lost, sent = (
        commands.order(SITE, GATE, CommandAction.OPEN_ONCE, why="x", by="y", valid_s=900).command_id for _ in "12"
    )
    with store.write() as db:
        db.execute(update(t.commands).where(t.commands.c.command_id == lost).values(envelope=b"\x01rubbish"))
    with capture_logs() as logs:
        for _ in range(3):
            assert [command.command_id for command in commands.due()] == [sent]
    assert [line["event"] for line in logs] == ["command_not_sent"]


def test_ok__a_roster_that_cannot_be_published_waits_and_is_not_forgotten(
    rig: Rig, store: Store, hq: HqService, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.people(store).take(ImportFile(workers=(WorkerRecord(worker_id="w-1", sites=(SITE,)),)))
    publisher = rig.publisher(store)
    publisher.publish(SITE, ROSTER)
    right = _damage(store, "w-1")
    with store.write() as db:
        mark(db, [SITE], ROSTER)
    with capture_logs() as logs:
        for _ in range(5):
            hq.parts.lists.due()
    told = sorted(line["kind"] for line in logs if line["event"] == "list_not_published")
    assert told == ["directory", "roster"], "each list that holds the worker, once"
    with store.write() as db:
        assert dirty(db)[SITE, ROSTER] == 1
        db.execute(update(t.workers).values(record=right))
    hq.parts.publishing.end_pauses()  # a minute later
    hq.parts.lists.due()
    with store.read() as db:
        assert not dirty(db)
    assert publisher.newest_versions()[SITE, ROSTER][0] == 2


def test_fail__a_list_that_breaks_newer_rules_stops_nothing(hq: HqService, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise ValueError("the rules of the site contradict each other")

    monkeypatch.setattr(publish.Publisher, "publish", breaks)
    with capture_logs() as logs:
        assert not hq.parts.publishing.try_publish(SITE, ListKind.POLICY)
    assert [line["event"] for line in logs] == ["list_not_published"]


def test_ok__a_gate_that_reads_no_changes_and_comes_back_gets_a_whole_list_once(
    rig: Rig, store: Store, hq: HqService
) -> None:
    publisher = rig.publisher(store)
    for _ in "12":
        publisher.publish(SITE, ROSTER)
    assert publisher.kept_versions()[SITE, ROSTER] == (1, 2)
    status = GateStatus(gate_id="old", site_id=SITE, online=True)
    for _ in "12":
        hq.parts.messages.take(BrokerMessage(f"sitegate/v1/{SITE}/old/status", encode(status), retained=True))
        hq.parts.lists.due()
        assert publisher.kept_versions()[SITE, ROSTER] == (3, 0)


def test_ok__the_service_corrects_what_was_left(hq: HqService, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter([True, True, False])
    monkeypatch.setattr(small_tasks, "correct_earlier", lambda _: next(left))
    for _ in range(5):
        hq.step(0)
    assert list(left) == []


# Keys


def test_fail__a_key_that_still_signs_lists_is_not_retired(rig: Rig, store: Store) -> None:
    def hq_keys(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["keys", *words, "--dir", str(rig.hq_folder)])
        return done.exit_code, f"{done.output} {done.exception}"

    for site in ("site-1", "site-2"):
        rig.publisher(store).publish(site, ListKind.POLICY)
    folder = rig.hq_folder / "keys"
    old, new = key_id(rig.signing), rotation.add(folder, "signing")
    public = folder / "sites/site-1.pub.pem"
    kept = public.read_bytes()
    public.unlink()
    code, told = hq_keys("use", "signing", new)
    assert code and "not published again: site-1: roster" in told
    newest = rig.publisher(store).newest_versions()
    assert [newest[site, ListKind.POLICY][0] for site in ("site-1", "site-2")] == [1, 2], "the other site's is there"
    public.write_bytes(kept)
    code, told = hq_keys("retire", "signing", old)
    assert code and "another key than the one in use" in told and "site-1 policy" in told
    again = rig.publisher(store)
    again.keys = keys.load(rig.hq_folder)
    again.publish("site-1", ListKind.POLICY)
    code, told = hq_keys("retire", "signing", old)
    assert code == 0, told
