"""Events from the journal to HQ: nothing lost, nothing twice, with any part down meanwhile."""

import signal
import subprocess
import sys
from pathlib import Path

from sync_rig import Mosquitto, Rig, Stranger, free_port, note, wait_until

from contract.codec import decode, encode
from contract.messages import EventBatch, GateStatus, HqState, ListKind
from edge.replica.summary import SummaryReader
from edge.storage.journal import JournalReader
from hq.broker import open_broker
from hq.reports import report


def test_ok__events_reach_hq_and_its_answer_reaches_the_gate(rig: Rig) -> None:
    rig.hq()
    rig.sync()
    journal = rig.journal()  # after sync: it waits for the journal to appear
    note(journal, 105)
    store, roster = rig.store(), rig.roster()
    wait_until(lambda: rig.holds(store, 105), "HQ holds all events")
    wait_until(lambda: [(a.epoch, a.seq) for a in roster.acks()] == [(journal.epoch, 105)], "the gate knows it")
    assert journal.prune(105, keep_days=0) == 105
    note(journal, 3)
    wait_until(lambda: rig.holds(store, 108), "HQ holds what came after the pruning")


def test_ok__the_broker_is_killed_and_comes_back_empty(rig: Rig, broker: Mosquitto) -> None:
    rig.hq()
    rig.sync()
    journal, store = rig.journal(), rig.store()
    note(journal, 40)
    wait_until(lambda: rig.holds(store, 40), "HQ holds the first events")
    broker.kill()
    note(journal, 40)
    summary = SummaryReader(rig.state_dir / "sync/replica.db")
    wait_until(lambda: summary.read().link and not summary.read().link.connected, "the screen shows the loss")
    assert summary.read().link.detail
    broker.start()
    note(journal, 20)
    wait_until(lambda: rig.holds(store, 100), "HQ holds everything")
    wait_until(lambda: summary.read().link.connected and not summary.read().link.unsent, "the screen shows the return")
    summary.close()


def test_ok__hq_is_away_and_comes_back(rig: Rig) -> None:
    first = rig.hq()
    rig.sync()
    journal, store = rig.journal(), rig.store()
    note(journal, 30)
    wait_until(lambda: rig.holds(store, 30), "HQ holds the first events")
    first.stop()
    note(journal, 70)
    summary = SummaryReader(rig.state_dir / "sync/replica.db")
    wait_until(lambda: summary.read().link.hq_online is False, "the gate sees that HQ is away")
    rig.hq()
    wait_until(lambda: rig.holds(store, 100), "HQ holds everything")
    summary.close()


def test_ok__a_batch_that_comes_again_is_stored_once(rig: Rig, stranger: Stranger) -> None:
    rig.hq()
    store = rig.store()
    journal = rig.journal()
    note(journal, 5)
    reader = JournalReader(rig.state_dir / "gate/journal.db")
    batch = EventBatch(site_id="site-1", gate_id="gate-1", epoch=journal.epoch, records=tuple(reader.records(0, 10)))
    reader.close()
    stranger.subscribe("sitegate/v1/site-1/gate-1/ack")
    wait_until(
        lambda: stranger.publish("sitegate/v1/site-1/gate-1/events", encode(batch)) or stranger.seen, "an answer"
    )
    answers = len(stranger.seen)
    for _ in range(3):
        stranger.publish("sitegate/v1/site-1/gate-1/events", encode(batch))
    wait_until(lambda: len(stranger.seen) > answers, "an answer to all, or to each")
    assert rig.holds(store, 5)
    assert report.quarantine(store) == []


def test_ok__a_journal_that_began_anew_is_followed(rig: Rig) -> None:
    rig.hq()
    rig.sync()
    journal, store = rig.journal(), rig.store()
    note(journal, 12)
    wait_until(lambda: rig.holds(store, 12), "the first epoch is held")
    journal.close()
    for path in rig.state_dir.glob("gate/journal.db*"):
        path.unlink()
    note(rig.journal(), 7)
    wait_until(lambda: rig.holds(store, 19), "both epochs are held")
    assert len(report.verdicts(store)) == 2


def test_ok__sync_killed_again_and_again_loses_and_doubles_nothing(rig: Rig) -> None:
    rig.hq()
    journal, store = rig.journal(), rig.store()
    for round_ in range(4):
        process = _sync_process(rig)
        note(journal, 30)
        wait_until(lambda: sum(v.held for v in report.verdicts(store)) > round_ * 30, "some events came")  # noqa: B023
        process.kill()
        process.wait()
    rig.sync()
    wait_until(lambda: rig.holds(store, 120), "HQ holds everything")


def test_ok__presence_birth_will_and_planned_death(rig: Rig, stranger: Stranger) -> None:
    stranger.subscribe("sitegate/v1/site-1/gate-1/status")
    process = _sync_process(rig)

    def last() -> GateStatus | None:
        return decode(GateStatus, stranger.seen[-1][1]) if stranger.seen else None

    wait_until(lambda: last() and last().online, "the birth")
    assert last().software == "test"
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not last().online, "the Will")
    assert not last().planned
    runner = rig.sync()
    wait_until(lambda: last().online, "the second birth")
    runner.stop()
    wait_until(lambda: not last().online, "the planned death")
    assert last().planned


def test_ok__hq_announces_itself_and_its_end(rig: Rig, stranger: Stranger) -> None:
    stranger.subscribe("sitegate/v1/hq/state")
    runner = rig.hq()
    wait_until(lambda: stranger.seen and decode(HqState, stranger.seen[-1][1]).online, "HQ's birth")
    runner.stop()
    wait_until(lambda: not decode(HqState, stranger.seen[-1][1]).online, "HQ's end")


def test_ok__health_tells_of_the_outbox_and_the_disk(rig: Rig) -> None:
    rig.hq()
    rig.sync()
    store = rig.store()
    wait_until(lambda: report.gates(store) and report.gates(store)[0].health, "health at HQ")
    health = report.gates(store)[0].health
    assert health.disk_free_mb > 0
    assert health.camera_ok is False


def test_ok__the_embedded_broker_carries_it_all(tmp_path: Path) -> None:
    port = free_port()
    with open_broker(tmp_path / "broker", port) as embedded:
        rig = Rig(tmp_path, port)
        rig.hq()
        rig.sync()
        journal, store, roster = rig.journal(), rig.store(), rig.roster()
        note(journal, 250)
        rig.publisher(store).publish("site-1", ListKind.POLICY)
        wait_until(lambda: rig.holds(store, 250), "HQ holds all events")
        wait_until(lambda: (roster.refresh(), roster.state.policy)[1], "the policy came")
        embedded.stop()
        note(journal, 50)
        embedded.start()
        wait_until(lambda: rig.holds(store, 300), "HQ holds what came after the broker's restart")
        rig.close()


_SYNC = """
import sys, threading
from pathlib import Path
from edge.system.clock import SystemClock
from edge.app.state_folders import link_key_files
from edge.core.config import Config
from edge.system.gate_keys import open_key
from edge.storage.journal import JournalReader
from edge.sync.service import SyncService
config = Config.model_validate_json(Path(sys.argv[1]).read_text())
journal = JournalReader(config.paths.state_dir / "gate/journal.db")
key = open_key(*link_key_files(config))
SyncService.open(config, journal, SystemClock(), software="test", open_reader=JournalReader, key=key).run(threading.Event())
"""


def _sync_process(rig: Rig) -> subprocess.Popen[bytes]:
    path = rig.folder / "sync.json"
    path.write_text(rig.config.model_dump_json())
    return subprocess.Popen([sys.executable, "-c", _SYNC, str(path)])
