"""HQ reports to the gate, once, what it could not take; and HQ's orders to the sync process."""

import platform
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from ingest_rig import EVENTS_TOPIC, event_batch, event_records, ingest_of
from sync_rig import Rig, Runner, SignedJournal, Stranger, note, utc, wait_until
from typer.testing import CliRunner

from contract.chain import link
from contract.codec import decode, encode
from contract.messages import (
    DECISION_LISTS,
    CommandAction,
    Direction,
    EventRecord,
    GateStatus,
    Health,
    ListKind,
    NoticeCode,
    NoticeEvent,
    Refusal,
)
from contract.signing import read_sealing_private, sign, verify
from contract.topics import Channel, topic
from edge.core.config import Config
from edge.core.domain import LiveState, Recognition, Tone
from edge.replica.reader import ReplicaReader
from edge.replica.summary import SummaryReader
from edge.storage.journal import Journal, JournalReader
from edge.sync.service import SyncService
from hq.cli import app
from hq.ingest.refusals import RefusalQueue
from hq.reports import report

REFUSAL_TOPIC = topic(Channel.REFUSAL, "site-1", "gate-1")


def _refused(roster: ReplicaReader) -> list[str]:
    return [i.detail for i in roster.incidents() if i.code is NoticeCode.EVENT_REFUSED]


def _told(stranger: Stranger, rig: Rig) -> list[Refusal]:
    return [
        decode(Refusal, verify(payload, Channel.REFUSAL.value, rig.signing.public_key()))
        for where, payload, _ in stranger.seen
        if where == REFUSAL_TOPIC
    ]


def test_ok__what_hq_cannot_take_is_told_to_the_gate_once_and_the_rest_flows(rig: Rig, stranger: Stranger) -> None:
    rig.hq()
    first = rig.sync()
    journal, store, roster = rig.journal(), rig.store(), rig.roster()
    note(journal, 5)
    wait_until(lambda: rig.holds(store, 5), "HQ holds the events")
    stranger.subscribe(REFUSAL_TOPIC)
    stranger.publish(EVENTS_TOPIC, b"rubbish")
    wait_until(lambda: _refused(roster), "the gate is told")
    assert _refused(roster)[0].startswith("events: not JSON")
    first.stop()
    rig.let_go_of_the_journal()
    rig.sync()  # the broker tells it again
    note(journal, 5)
    wait_until(lambda: rig.holds(store, 10), "HQ holds what came after it")
    assert len(_refused(roster)) == 1
    assert report.quarantine(store)[0].told_utc is not None
    result = CliRunner().invoke(app, ["quarantine", "-d", str(rig.hq_folder)])
    assert "gate told" in result.output


def test_ok__a_flood_of_refusals_is_told_in_few_words(rig: Rig, stranger: Stranger) -> None:
    stranger.subscribe(REFUSAL_TOPIC)
    stranger.subscribe("sitegate/v1/hq/state")
    hq = rig.hq()
    store = rig.store()
    wait_until(lambda: stranger.seen, "HQ is there")
    for number in range(40):
        stranger.publish(EVENTS_TOPIC, b"rubbish %d" % number)
    wait_until(lambda: len(report.quarantine(store)) == 40, "all are in quarantine")
    wait_until(lambda: _told(stranger, rig), "the gate is told")
    hq.stop()
    refusals = RefusalQueue(store)  # HQ after a restart: the rest in one message
    waiting = [refusal for _, _, refusal in refusals.due()]
    assert len(_told(stranger, rig)) + len(waiting) <= 2
    assert sum(1 + told.more for told in [*_told(stranger, rig), *waiting]) == 40


def test_ok__a_gate_that_goes_on_sending_rubbish_is_told_ever_less_often(rig: Rig) -> None:
    ingest, store = ingest_of(rig)
    now = [1000.0]
    refusals, told = RefusalQueue(store, lambda: now[0]), []
    for second in range(0, 8 * 3600, 300):
        now[0] = 1000.0 + second
        ingest.rejected.keep("site-1", "gate-1", "health: BadMessage", b"rubbish %d" % second)
        for _, newest, refusal in refusals.due():
            told.append(refusal.more)
            refusals.mark_reported(refusal.gate_id, newest)
    assert len(told) <= 15
    assert len(told) + sum(told) + 12 >= 8 * 12, "all of it was told but the last hour's"
    now[0] += 3 * 3600
    ingest.rejected.keep("site-1", "gate-1", "health: BadMessage", b"later")
    assert len(refusals.due()) == 1


def test_fail__a_refused_notice_about_a_refusal_breeds_no_other(rig: Rig) -> None:
    journal = rig.journal()
    note(journal, 2)
    journal.append(NoticeEvent, code=NoticeCode.EVENT_REFUSED, detail="event 1: differs")
    records = list(event_records(rig))
    ingest, store = ingest_of(rig)
    ingest.take(event_batch(journal, tuple(records)))
    bodies = {n: records[n - 1].body.replace("2026", "2027", 1) for n in (2, 3)}
    twins = [
        EventRecord(seq=n, prev_hash=records[n - 2].hash, hash=link(records[n - 2].hash, body), body=body)
        for n, body in bodies.items()
    ]
    ingest.take(event_batch(journal, (records[0], *twins)))
    assert sorted(row.seq for row in report.quarantine(store)) == [2, 3]
    ((_, _, refusal),) = RefusalQueue(store).due()
    assert (refusal.seq, refusal.more) == (2, 0)


def test_fail__refusals_that_are_not_hqs_or_not_ours(rig: Rig, stranger: Stranger) -> None:
    stranger.subscribe(topic(Channel.STATUS, "site-1", "gate-1"))
    rig.sync()
    roster = rig.roster()
    wait_until(lambda: stranger.seen, "the gate is there")
    refusal = Refusal(gate_id="gate-2", reason="event differs", utc=utc())
    stranger.publish(REFUSAL_TOPIC, encode(refusal))
    stranger.publish(REFUSAL_TOPIC, sign(encode(refusal), "refusal", rig.signing))
    stranger.publish(REFUSAL_TOPIC, sign(encode(refusal), "ack", rig.signing))
    wait_until(lambda: len(roster.incidents()) == 3, "each is refused")
    assert {i.code for i in roster.incidents()} == {NoticeCode.MESSAGE_REFUSED}
    assert any("is for gate gate-2" in i.detail for i in roster.incidents())


def _twin(rig: Rig, folder: Path) -> tuple[Config, Journal, JournalReader]:
    paths = rig.config.paths.model_copy(update={"state_dir": folder})
    config = rig.config.model_copy(update={"paths": paths})
    return (
        config,
        SignedJournal(folder / "gate/journal.db", config.site, rig.clock, key=rig.gate_key),
        JournalReader(folder / "gate/journal.db"),
    )


def test_fail__two_gates_with_one_id_are_both_told(rig: Rig, tmp_path: Path) -> None:
    rig.hq()
    rig.sync()
    journal, store, first = rig.journal(), rig.store(), rig.roster()
    config, twin, reader = _twin(rig, tmp_path / "twin")
    running = Runner(
        SyncService.open(config, reader, rig.clock, software="twin", open_reader=JournalReader, key=rig.link_key)
    )
    keys = rig.config.keys
    second = ReplicaReader(
        tmp_path / "twin/sync/replica.db", config.site, rig.signing.public_key(), _site_key(keys.site_private_path)
    )
    try:

        def both_told() -> bool:
            note(journal, 1)
            note(twin, 1)
            return bool(_refused(first) and _refused(second))

        wait_until(both_told, "both gates know")
        assert "two gates with one id" in _refused(first)[0] == _refused(second)[0]
        assert len([row for row in report.quarantine(store) if "two gates" in row.reason]) == 1
    finally:
        running.stop()
        for part in (twin, reader, second):
            part.close()


def _site_key(path: Path) -> X25519PrivateKey:
    return read_sealing_private(path)


def test_ok__resync_asks_for_everything_again(rig: Rig, stranger: Stranger) -> None:
    rig.hq()
    rig.sync()
    journal, store, roster = rig.journal(), rig.store(), rig.roster()
    note(journal, 8)
    publisher = rig.publisher(store)
    for kind in DECISION_LISTS:
        publisher.publish("site-1", kind)
    wait_until(lambda: rig.holds(store, 8), "HQ holds the events")
    wait_until(lambda: not roster.refresh() and roster.state.roster.version == 1, "the lists are here")
    with store.write() as db:  # HQ was restored from a backup, and the broker lost what it kept
        db.exec_driver_sql("DELETE FROM events WHERE seq > 3")
        db.exec_driver_sql("UPDATE watermarks SET seq = 3, hash = (SELECT hash FROM events WHERE seq = 3)")
    lost = topic(Channel.RISK, "site-1", part=1)
    stranger.publish(lost, b"", retain=True)
    stranger.subscribe(lost)
    rig.commands(store).order("site-1", "gate-1", CommandAction.RESYNC, why="restored", by="m", valid_s=30)
    wait_until(lambda: rig.holds(store, 8), "HQ holds everything again")
    wait_until(lambda: any(payload for _, payload, _ in stranger.seen), "the broker has the list again")
    assert roster.state.roster.version == 1
    assert [c.action for c in roster.commands(utc())] == [CommandAction.RESYNC]


def test_ok__health_goes_on_while_hq_is_known_to_be_away(rig: Rig, stranger: Stranger) -> None:
    stranger.subscribe("sitegate/v1/hq/state")
    hq = rig.hq()
    wait_until(lambda: stranger.seen, "HQ is there")
    hq.stop()
    rig.sync()
    stranger.subscribe(topic(Channel.HEALTH, "site-1", "gate-1"))
    note(rig.journal(), 30)
    summary = SummaryReader(rig.state_dir / "sync/replica.db")
    wait_until(lambda: (link := summary.read().link) and link.hq_online is False, "the screen can say so")
    wait_until(lambda: _health(stranger, lambda h: h.unsent_events == 30), "health is still sent")
    summary.close()


def _health(stranger: Stranger, wanted: Callable[[Health], bool]) -> list[Health]:
    found = [decode(Health, payload) for where, payload, _ in stranger.seen if where.endswith("/health")]
    return [health for health in found if wanted(health)]


def test_ok__birth_and_health_say_how_the_gate_is(rig: Rig, stranger: Stranger) -> None:
    stranger.subscribe("sitegate/v1/site-1/gate-1/#")
    rig.hq()
    journal, store = rig.journal(), rig.store()
    basis = Recognition(workers=3, fpir_target=0.003, tail="pack", proposed=0.45, alarms=("unknown",))
    told = {"model_id": "pack/model", "uptime_s": 61.5, "memory_mb": 320.1, "passages": 17, "clock_trusted": True}
    live = LiveState(utc=utc(), direction=Direction.IN, gate_state="locked", tone=Tone.IDLE, camera_ok=True)
    journal.set_live(live.model_copy(update={**told, "threshold": 0.4, "recognition": basis}))
    rig.publisher(store).publish("site-1", ListKind.ROSTER)
    rig.sync()
    wait_until(lambda: _health(stranger, lambda h: h.roster_age_s is not None), "health with the list's age")
    health = _health(stranger, lambda h: h.roster_age_s is not None)[-1]
    assert {name: getattr(health, name) for name in told} == told
    assert (health.threshold, health.threshold_proposed, health.drift_alarms) == (0.4, 0.45, ("unknown",))
    assert health.journal_mb > 0
    assert health.risk_age_s is None
    births = [decode(GateStatus, p) for where, p, _ in stranger.seen if where.endswith("/status")]
    assert (births[-1].model_id, births[-1].python) == ("pack/model", platform.python_version())
    assert births[-1].system.startswith("Linux ")
    wait_until(lambda: (rows := report.gates(store)) and rows[0].health, "HQ knows")
    shown = CliRunner().invoke(app, ["gates", "-d", str(rig.hq_folder)])
    assert "scores have changed: unknown" in shown.output


def test_ok__a_gate_that_fell_silent_claims_nothing(rig: Rig, stranger: Stranger) -> None:
    stranger.subscribe(topic(Channel.HEALTH, "site-1", "gate-1"))
    live = LiveState(utc=utc() - timedelta(minutes=1), direction=Direction.IN, gate_state="locked", tone=Tone.IDLE)
    rig.journal().set_live(live.model_copy(update={"camera_ok": True}))
    rig.sync()
    wait_until(lambda: stranger.seen, "health")
    (health, *_) = _health(stranger, lambda h: True)
    assert (health.gate_state, health.camera_ok) == ("", False)
