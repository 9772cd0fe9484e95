"""HQ's answers that the outbox must not misread: to a saved journal, after a resync, to a copy of this card, and no
head."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sync_rig import Rig, note, utc

from contract.codec import decode
from contract.messages import Ack, EventBatch, EventRecord, NoticeCode
from edge.core.ports import JournalReader as Reads
from edge.replica.writer import ReplicaWriter
from edge.storage.journal import Journal, JournalReader
from edge.storage.salvage import salvage, salvaged_files
from edge.sync.incident_log import IncidentLog
from edge.sync.metrics import AckWatch, SyncMeters
from edge.sync.outbox import RESYNC_ANSWERS_S, Outbox
from edge.sync.salvage_outbox import SalvageOutbox


class Desk:
    """An outbox with its real parts; what it would publish is kept."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.journal = rig, rig.journal()
        self.replica = ReplicaWriter(rig.state_dir / "sync/replica.db")
        self.incidents = IncidentLog(self.replica, rig.clock)
        self.sent: list[bytes] = []
        self.reader = JournalReader(rig.state_dir / "gate/journal.db")
        rig._open.append(self.reader)
        self.outbox = self.outbox_of(self.reader, False)

    def outbox_of(self, reader: Reads, set_aside: bool) -> Outbox:
        config, meters = self.rig.config, SyncMeters(self.incidents)
        return Outbox(
            reader,
            site=config.site,
            config=config.sync,
            replica=self.replica,
            incidents=self.incidents,
            publish=self._publish,
            meters=meters,
            followed=set(),
            set_aside=set_aside,
        )

    def _publish(self, payload: bytes) -> bool:
        self.sent.append(payload)
        return True

    def acked(self) -> int | None:
        held = self.replica.acked("gate-1", self.journal.epoch)
        return held.seq if held else None

    def codes(self) -> set[NoticeCode]:
        return set(self.incidents.count)

    def records(self) -> list[EventRecord]:
        return self.reader.records(0, 1000)

    def ack(self, seq: int, digest: str | None = None, **more: object) -> Ack:
        return Ack.model_validate(
            {"gate_id": "gate-1", "epoch": self.journal.epoch, "seq": seq, "hash": digest, "utc": utc(), **more}
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    rig = Rig(tmp_path, 1)
    made = Desk(rig)
    yield made
    made.replica.close()
    rig.close()


def _prune(desk: Desk, through: int) -> None:
    desk.rig.clock.utc = lambda: utc() + timedelta(days=100)  # type: ignore[method-assign]
    assert desk.journal.prune(through, 1.0) == through
    del desk.rig.clock.utc


def _damaged(journal: Journal, path: Path, at: int) -> Path:
    journal._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.close()
    aside = path.rename(path.with_name("journal.db.corrupt-1"))
    with sqlite3.connect(aside) as db:
        db.execute("UPDATE events SET body = 'x' WHERE seq = ?", (at,))
    db.close()
    return aside


@pytest.mark.parametrize("twin", [False, True])
def test_ok__hq_holds_more_of_a_damaged_journal_than_was_saved(desk: Desk, twin: bool) -> None:
    note(desk.journal, 60)
    epoch, records = desk.journal.epoch, tuple(desk.records())
    store = desk.rig.store()
    ingest = desk.rig.ingest(store)
    ingest.take(EventBatch(site_id="site-1", gate_id="gate-1", epoch=epoch, records=records, base_seq=0))
    desk.replica.save_ack(desk.ack(20, utc=utc() - timedelta(minutes=1)), b"a")
    desk.reader.close()
    found = salvage(
        _damaged(desk.journal, desk.rig.state_dir / "gate/journal.db", 51),
        desk.rig.state_dir,
        gate_id="gate-1",
        acked={epoch: 20},
    )
    assert (found.first, found.last) == (21, 50)
    rescue = SalvageOutbox(
        desk.rig.state_dir,
        gate_id="gate-1",
        replica=desk.replica,
        open_reader=JournalReader,
        outbox_of=partial(desk.outbox_of, set_aside=True),
    )
    rescue.follow(0.0)
    rescue.acknowledged(desk.ack(60, records[-1].hash), b"kept at the broker", 0.0, retained=True)
    assert (desk.acked(), desk.codes()) == (20, set()), "of what was saved it says nothing yet"
    for turn in range(3):
        rescue.send(turn, hq_away=False)
        for payload in desk.sent:
            ack = ingest.take(decode(EventBatch, payload)).ack
            assert (ack.seq, ack.batch_seq is None) == (60, False)
            ack = ack.model_copy(update={"batch_hash": "ab" * 32}) if twin else ack
            rescue.acknowledged(ack, b"env", turn, retained=False)
        desk.sent.clear()
    if twin:
        assert (desk.acked(), desk.codes()) == (20, {NoticeCode.TWIN_GATE})
    else:
        assert (desk.acked(), desk.codes(), rescue.unsent) == (60, set(), 0)
        rescue.follow(10.0)
        rescue.send(10.0, hq_away=False)
        assert desk.sent == [], "nothing is sent again"
    assert next(salvaged_files(desk.rig.state_dir))[2] == 50
    rescue.close()


def test_ok__after_a_resync_answers_for_an_earlier_card_are_no_second_gate(desk: Desk) -> None:
    note(desk.journal, 3)
    desk.outbox.follow()
    old = desk.ack(500, "0" * 64, epoch="20250101-oldcard")
    desk.outbox.resync(100.0)
    desk.outbox.acknowledged(old, b"x", 101.0, retained=False)
    assert not desk.codes()
    desk.outbox.acknowledged(old, b"x", 100.0 + RESYNC_ANSWERS_S, retained=False)
    assert desk.codes() == {NoticeCode.TWIN_GATE}


def test_ok__an_answer_below_what_was_removed_moves_nothing_while_hq_goes_on(desk: Desk) -> None:
    note(desk.journal, 10)
    desk.outbox.follow()
    desk.outbox.send(0.0, hq_away=False)
    last = desk.records()[-1].hash
    desk.outbox.acknowledged(desk.ack(10, last), b"y", 1.0, retained=False)
    _prune(desk, 8)
    desk.sent.clear()
    desk.outbox.acknowledged(desk.ack(5, "ab" * 32), b"a copy's", 2.0, retained=False)
    desk.outbox.send(3.0, hq_away=False)
    assert (desk.acked(), desk.codes(), desk.sent) == (10, set(), [])
    note(desk.journal, 1)
    desk.outbox.follow()
    desk.outbox.send(4.0, hq_away=False)
    desk.outbox.acknowledged(desk.ack(11, desk.records()[-1].hash), b"z", 5.0, retained=False)
    desk.outbox.send(1000.0, hq_away=False)
    assert (desk.acked(), desk.codes()) == (11, set())


def test_fail__an_answer_below_what_was_removed_is_believed_and_told_if_nothing_moves(desk: Desk) -> None:
    note(desk.journal, 10)
    desk.outbox.follow()
    desk.outbox.send(0.0, hq_away=False)
    fifth, last = desk.records()[4].hash, desk.records()[-1].hash
    desk.outbox.acknowledged(desk.ack(10, last), b"y", 1.0, retained=False)
    _prune(desk, 8)
    note(desk.journal, 1)
    desk.outbox.follow()
    desk.sent.clear()
    for now_s in (2.0, 100.0, 200.0):
        desk.outbox.send(now_s, hq_away=False)
        desk.outbox.acknowledged(desk.ack(5, fifth), b"restored", now_s, retained=False)
    assert NoticeCode.EVENTS_LOST in desk.codes()
    assert decode(EventBatch, desk.sent[-1]).records[0].seq == 9


def test_ok__a_journal_that_cannot_be_read_just_now_makes_no_second_gate(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(desk.journal, 3)
    desk.outbox.follow()
    digest = desk.records()[-1].hash
    monkeypatch.setattr(desk.reader, "head", lambda: 0)
    desk.outbox.acknowledged(desk.ack(3, digest), b"x", 1.0, retained=False)
    assert (desk.acked(), desk.codes()) == (3, set())


def test_ok__what_is_sent_again_after_a_time_out_is_not_waited_for_twice(desk: Desk) -> None:
    watch = AckWatch(SyncMeters(desk.incidents))
    for turn in range(100):
        watch.sent(1, 10, turn)
        watch.sent(11, 20, turn)
    assert list(watch._waiting) == [(10, 99), (20, 99)]
