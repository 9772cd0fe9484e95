"""What networks, brokers, disks and clocks do to the events on their way. After each: HQ's events are the journal's,
exactly once, in order, the chain verified."""

import random
import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from damage import harm
from sameness import same_everywhere
from sqlalchemy import select
from sync_rig import Mosquitto, Rig, SignedJournal, Stranger, note, wait_until

from contract.chain import verify
from contract.codec import encode
from contract.messages import ClockEvent, EventBatch, NoticeCode, NoticeEvent
from contract.topics import Channel, topic
from edge.core.config import SiteConfig
from edge.core.ports import JournalError
from edge.sim import ManualClock
from edge.storage.journal import Journal, JournalReader
from edge.storage.salvage import salvage
from hq.database import tables as t
from hq.database.store import Store
from hq.reports import report


@pytest.mark.timeout(600)
@pytest.mark.parametrize("count", [20_000, pytest.param(100_000, marks=pytest.mark.long)])
def test_ok__a_broker_outage_with_many_events_then_drain(rig: Rig, broker: Mosquitto, count: int) -> None:
    broker.kill()
    journal = rig.journal()
    # Only here: so many waits for the disk would take minutes, and are not what this is about.
    journal._file.db.execute("PRAGMA synchronous = OFF")
    start = time.monotonic()
    note(journal, count)
    written = time.monotonic() - start
    rig.hq()
    rig.sync(rig.gate_config(batch_events=500, window_batches=20, ack_timeout_s=10))
    store = rig.store()
    broker.start()
    start = time.monotonic()
    wait_until(lambda: watermark(store) == count, "HQ holds them all", 300)
    drained = time.monotonic() - start
    same_everywhere(rig, store, count)
    print(f"{count:,} events: written in {written:.0f} s, drained in {drained:.0f} s ({count / drained:.0f} events/s)")


def watermark(store: Store) -> int:
    """HQ's, without walking the chain."""
    with store.read() as db:
        return int(db.execute(select(t.watermarks.c.seq)).scalar() or 0)


def test_ok__broker_and_hq_killed_at_random(rig: Rig, broker: Mosquitto) -> None:
    dice = random.Random(5)
    journal, stop, written = rig.journal(), threading.Event(), [0]

    def work() -> None:
        while not stop.is_set():
            note(journal, 5)
            written[0] += 5
            time.sleep(0.02)

    rig.sync()
    hq = rig.hq()
    writer = threading.Thread(target=work)
    writer.start()
    for _ in range(8):
        time.sleep(dice.uniform(0.1, 0.6))
        if dice.random() < 0.5:
            broker.kill()
            time.sleep(dice.uniform(0, 0.3))
            broker.start()
        else:
            hq.stop()
            hq = rig.hq()
    stop.set()
    writer.join()
    same_everywhere(rig, rig.store(), written[0])
    print(f"8 kills, {written[0]} events")


def test_ok__hq_that_never_answers_costs_bounded_work(rig: Rig, stranger: Stranger) -> None:
    stranger.subscribe(topic(Channel.EVENTS))
    journal = rig.journal()
    note(journal, 500)
    rig.sync()  # batches of 10, a window of 3, answers awaited for 2 s
    wait_until(lambda: len(stranger.seen) >= 6, "it is sent again", 20)
    time.sleep(3)
    assert len(stranger.seen) <= 3 * 6, "without an answer only the window is sent again, not the whole journal"
    rig.hq()
    same_everywhere(rig, rig.store(), 500)


@pytest.mark.parametrize(
    "jump", [timedelta(days=1), timedelta(days=-1), timedelta(days=-56 * 365), timedelta(seconds=1)]
)
def test_ok__a_clock_that_jumps_changes_times_never_the_chain(tmp_path: Path, jump: timedelta) -> None:
    clock = ManualClock()
    journal = Journal(tmp_path / "journal.db", SiteConfig(), clock)
    for step in range(10):
        if step == 5:
            clock.set_utc(clock.utc() + jump)
        journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED)
        clock.advance(1)
    assert journal.prune(10, keep_days=30) == 0 or jump > timedelta(days=30)
    journal.close()
    reader = JournalReader(tmp_path / "journal.db")
    records, events = reader.records(0, 20), reader.latest(20)[::-1]
    reader.close()
    stepped = abs(jump) > timedelta(seconds=1)  # a leap second is no correction
    assert verify(records)[0] == 10 + stepped
    assert [event.seq for event in events if event.type == "clock"] == [6] * stepped
    monotonic = [event.monotonic_ms for event in events]
    assert monotonic == sorted(monotonic)
    trusted = [event.clock_trusted for event in events]
    assert trusted == [True] * 5 + [jump > timedelta(days=-365)] * (5 + stepped)


def test_ok__the_clock_jumps_about_while_events_wait_for_hq(rig: Rig) -> None:
    """A day ahead, a day back, 1970, a second twice (POSIX has no 23:59:60): times differ, the order and the chain do
    not."""
    jumps = [timedelta(days=1), timedelta(days=-1), timedelta(days=-56 * 365), timedelta(0), timedelta(seconds=-1)]
    now = datetime.now(UTC)
    journal = rig.journal()
    rig.sync()
    for jump in jumps:
        rig.clock.utc = partial(datetime.__add__, now, jump)  # type: ignore[method-assign]
        note(journal, 10)
    del rig.clock.utc
    rig.hq()
    note(journal, 10)
    settings = sum(isinstance(event, ClockEvent) for event in journal.latest(100))
    assert settings == 3, "each setting of the clock is told; a second more or less is none"
    same_everywhere(rig, rig.store(), 60 + settings)


@pytest.mark.parametrize("seed", range(6))
def test_ok__a_flipped_or_torn_journal_is_set_aside_and_both_epochs_reach_hq(rig: Rig, seed: int) -> None:
    journal = rig.journal()
    note(journal, 60)
    rig.hq()
    sync = rig.sync()
    store = rig.store()
    wait_until(lambda: rig.holds(store, 60), "the first epoch is at HQ")
    sync.stop()
    epoch = journal.epoch
    rig.let_go_of_the_journal()
    journal.close()
    path = rig.state_dir / "gate/journal.db"
    harm(path, random.Random(seed))
    again = SignedJournal(path, rig.config.site, rig.clock, key=rig.gate_key)
    try:
        note(again, 5)
        if again.restarted is None:  # what was hit did not matter to the content
            assert again.epoch == epoch
        else:
            assert again.restarted.exists() and again.epoch != epoch
        rig.sync()
        wait_until(lambda: rig.holds(store, 65), "everything that was written is at HQ, in one or two epochs")
        print(f"seed {seed}: {'set aside, new epoch' if again.restarted else 'content whole, same epoch'}")
    finally:
        again.close()


def test_ok__what_a_damaged_journal_held_and_hq_did_not_reaches_hq_all_the_same(rig: Rig) -> None:
    journal, store, roster = rig.journal(), rig.store(), rig.roster()
    note(journal, 60)
    hq, sync = rig.hq(), rig.sync()
    wait_until(lambda: [ack.seq for ack in roster.acks()] == [60], "the first events are at HQ, and the gate knows it")
    sync.stop()
    note(journal, 200)
    rig.let_go_of_the_journal()
    journal._file.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.close()
    path = rig.state_dir / "gate/journal.db"
    data = bytearray(path.read_bytes())
    start = data.index(b'"seq":220,') // 4096 * 4096
    data[start : start + 4096] = b"\xa5" * 4096
    path.write_bytes(data)
    again = SignedJournal(path, rig.config.site, rig.clock, key=rig.gate_key)
    try:
        assert again.restarted is not None
        note(again, 30)
        acked = {ack.epoch: ack.seq for ack in roster.acks()}
        found = salvage(again.restarted, rig.state_dir / "gate", gate_id="gate-1", acked=acked, signer=again.signer)
        assert (found.first, found.newest) == (61, 260)
        hq.stop()
        rig.hq()
        rig.sync()
        wait_until(lambda: rig.holds(store, found.last + 30), "both epochs are at HQ", 30)
        assert found.last > 190
        assert {v.last_seq for v in report.verdicts(store)} == {found.last, 30}
        assert all(v.ok for v in report.verdicts(store)) and report.quarantine(store) == []
        wait_until(
            lambda: (journal.epoch, found.last) in {(a.epoch, a.seq) for a in roster.acks()}, "the gate knows it"
        )
        print(f"{found}; all at HQ")
    finally:
        again.close()


@pytest.mark.parametrize("kind", ["full", "io"])
def test_fail__a_refusing_disk_stores_nothing_and_goes_on_where_it_was(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own limit on pages answers like a full disk; the other error is injected at the statement."""
    journal = Journal(tmp_path / "journal.db", SiteConfig(), ManualClock())
    db: sqlite3.Connection = journal._file.db
    journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED)
    if kind == "full":
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    else:
        db.execute(
            "CREATE TEMP TRIGGER broken BEFORE INSERT ON main.events BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END"
        )
    with pytest.raises(JournalError, match="free disk space"):
        for _ in range(2000):
            journal.append(NoticeEvent, code=NoticeCode.TAMPER, detail="x" * 400)
    db.execute("PRAGMA max_page_count = 1000000")
    db.execute("DROP TRIGGER IF EXISTS broken")
    journal.append(NoticeEvent, code=NoticeCode.GATE_STOPPED)
    journal.close()
    reader = JournalReader(tmp_path / "journal.db")
    records = reader.records(0, 5000)
    reader.close()
    assert verify(records)[0] == len(records), "no hole, no half event"


def test_fail__two_gates_with_one_id_are_found_and_told(rig: Rig, tmp_path: Path) -> None:
    rig.hq()
    rig.sync()
    journal = rig.journal()
    note(journal, 20)
    store = rig.store()
    wait_until(lambda: rig.holds(store, 20), "the first gate's events")
    twin = SignedJournal(tmp_path / "twin.db", rig.config.site, rig.clock, key=rig.gate_key)
    note(twin, 15)
    reader = JournalReader(tmp_path / "twin.db")
    batch = EventBatch(site_id="site-1", gate_id="gate-1", epoch=twin.epoch, records=tuple(reader.records(0, 15)))
    stranger = Stranger(rig.port)
    stranger.publish(topic(Channel.EVENTS, "site-1", "gate-1"), encode(batch))
    # Another journal of the same gate is another epoch: both are kept whole, side by side, and nothing is mixed.
    wait_until(lambda: rig.holds(store, 35), "both journals are held")
    assert len(report.verdicts(store)) == 2
    # A twin that goes on in the same epoch contradicts: kept, marked, never in the way.
    forged = rig.sign_batch(batch.model_copy(update={"epoch": journal.epoch}))
    stranger.publish(topic(Channel.EVENTS, "site-1", "gate-1"), encode(forged))
    wait_until(lambda: report.quarantine(store), "the contradiction is marked")
    assert any("two gates with one id" in row.reason for row in report.quarantine(store))
    note(journal, 10)
    wait_until(lambda: rig.holds(store, 45), "the true gate goes on")
    stranger.close()
    reader.close()
    twin.close()
