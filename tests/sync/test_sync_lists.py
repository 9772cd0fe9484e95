"""Lists and commands from HQ to the gate: believed only if HQ signed them, for this gate, now, and once."""

import sqlite3
import subprocess
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sync_rig import Mosquitto, Rig, Stranger, note, utc, wait_until

from contract.codec import encode
from contract.messages import (
    DECISION_LISTS,
    Ack,
    Command,
    CommandAction,
    ListKind,
    NoticeCode,
    RiskEntry,
    SealedTemplate,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import roster_content, write_parts
from contract.signing import public_pem, sign
from edge.core.domain import RosterState
from edge.replica.reader import ReplicaReader
from edge.replica.summary import SummaryReader
from edge.replica.writer import ReplicaError
from edge.storage.journal import JournalReader
from edge.sync.service import SyncService
from hq.lists.publisher import URGENT_FIRST
from hq.registry.import_file import ImportFile
from hq.reports import report

VECTOR = np.eye(1, 128, dtype="<f2").tobytes()
ROSTER_TOPIC = "sitegate/v1/site-1/list/roster/1"
COMMAND_TOPIC = "sitegate/v1/site-1/gate-1/command"


def _people() -> ImportFile:
    templates = (SealedTemplate(model_id="m", vector=VECTOR),)
    return ImportFile(
        workers=(
            WorkerRecord(worker_id="w-1", sites=("site-1",), consent_ref="c-1", templates=templates),
            WorkerRecord(worker_id="w-2", sites=("site-1",)),
        ),
        risk=(RiskEntry(worker_id="w-2"),),
    )


def _publish_all(rig: Rig) -> None:
    store = rig.store()
    rig.people(store).take(_people())
    for kind in DECISION_LISTS:
        rig.publisher(store).publish("site-1", kind)


def _follow(roster: ReplicaReader, version: int) -> None:
    wait_until(lambda: _fresh(roster).roster.version >= version, f"roster version {version}")


def _fresh(roster: ReplicaReader) -> RosterState:
    roster.refresh()
    return roster.state


def _codes(roster: ReplicaReader) -> list[NoticeCode]:
    return [incident.code for incident in roster.incidents()]


def _part(rig: Rig, version: int, key: Ed25519PrivateKey | None = None, site_id: str = "site-1") -> bytes:
    """An empty roster, in its one part."""
    content = roster_content(SnapshotHeader(site_id=site_id, list_version=version, issued_utc=utc()), ())
    (body,) = write_parts([content], ListKind.ROSTER, rig.keys.site(site_id), key or rig.signing)
    return body


def test_ok__lists_come_into_force_and_their_versions_are_announced(rig: Rig) -> None:
    rig.hq()
    rig.sync()
    _publish_all(rig)
    roster = rig.roster()
    wait_until(lambda: (s := _fresh(roster)).policy and s.risks and s.workers, "all lists")
    assert set(roster.state.workers) == {"w-1", "w-2"}
    assert [worker_id for worker_id, _ in roster.state.templates] == ["w-1"]
    assert set(roster.state.risks) == {"w-2"}
    assert roster.refresh() is False
    assert roster.incidents() == []
    store = rig.store()
    wait_until(lambda: (g := report.gates(store)) and g[0].status.roster_version == 1, "HQ sees the version")
    summary = SummaryReader(rig.state_dir / "sync/replica.db")
    versions = {kind: found.version for kind, found in summary.read().lists.items() if kind in DECISION_LISTS}
    # HQ also publishes by itself: a list may have come a second time meanwhile.
    assert set(versions) == set(DECISION_LISTS) and min(versions.values()) >= 1
    summary.close()


def test_ok__lists_survive_restarts_of_everything_but_their_holder(rig: Rig, broker: Mosquitto) -> None:
    hq, sync = rig.hq(), rig.sync()
    _publish_all(rig)
    _follow(rig.roster(), 1)
    hq.stop()
    sync.stop()
    broker.kill()
    later = rig.roster()
    assert later.refresh()
    assert later.state.roster.version == 1


def test_fail__a_roster_signed_by_somebody_else(rig: Rig, stranger: Stranger) -> None:
    rig.hq()
    rig.sync()
    _publish_all(rig)
    roster = rig.roster()
    _follow(roster, 1)
    stranger.publish(ROSTER_TOPIC, _part(rig, 9, key=Ed25519PrivateKey.generate()), retain=True)
    wait_until(lambda: _codes(roster) == [NoticeCode.LIST_REFUSED], "the refusal is recorded")
    roster.refresh()
    assert roster.state.roster.version == 1


def test_fail__an_older_roster_and_another_under_the_same_version(rig: Rig, stranger: Stranger) -> None:
    rig.sync()
    roster = rig.roster()
    stranger.publish(ROSTER_TOPIC, _part(rig, 5), retain=True)
    _follow(roster, 5)
    stranger.publish(ROSTER_TOPIC, _part(rig, 4))
    stranger.publish(ROSTER_TOPIC, _part(rig, 5))
    wait_until(lambda: len(_codes(roster)) == 2, "both refusals are recorded")
    assert set(_codes(roster)) == {NoticeCode.LIST_REFUSED}
    roster.refresh()
    assert roster.state.roster.version == 5


def test_fail__a_roster_of_another_site(rig: Rig, stranger: Stranger) -> None:
    rig.sync()
    roster = rig.roster()
    stranger.publish(ROSTER_TOPIC, _part(rig, 1, site_id="site-2"), retain=True)
    wait_until(lambda: _codes(roster) == [NoticeCode.LIST_REFUSED], "the refusal is recorded")


def test_fail__a_replica_written_by_somebody_else_is_not_believed(rig: Rig, stranger: Stranger) -> None:
    runner = rig.sync()
    roster = rig.roster()
    stranger.publish(ROSTER_TOPIC, _part(rig, 5), retain=True)
    _follow(roster, 5)
    runner.stop()
    with sqlite3.connect(rig.state_dir / "sync/replica.db") as db:
        forged = _part(rig, 6, key=Ed25519PrivateKey.generate())
        db.execute("UPDATE list_versions SET list_version = 6, applied_utc = 'now'")
        db.execute("UPDATE list_parts SET body = ?", (forged,))
    db.close()
    assert roster.refresh() is False
    assert roster.state.roster.version == 5
    assert _codes(roster) == [NoticeCode.LIST_REFUSED]
    with sqlite3.connect(rig.state_dir / "sync/replica.db") as db:
        db.execute("UPDATE list_versions SET applied_utc = 'later'")
        db.execute("UPDATE list_parts SET body = ?", (_part(rig, 4),))
    db.close()
    assert roster.refresh() is False
    assert roster.state.roster.version == 5
    assert len(roster.incidents()) == 2


def test_ok__a_corrupt_replica_is_set_aside_and_filled_again(rig: Rig) -> None:
    rig.hq()
    first = rig.sync()
    _publish_all(rig)
    roster = rig.roster()
    _follow(roster, 1)
    first.stop()
    for name in ("sync/replica.db-wal", "sync/replica.db-shm"):
        (rig.state_dir / name).unlink(missing_ok=True)
    damaged = bytearray((rig.state_dir / "sync/replica.db").read_bytes())
    damaged[:] = b"\xa5" * len(damaged)
    (rig.state_dir / "sync/replica.db").write_bytes(damaged)
    assert roster.refresh() is False
    assert roster.state.roster.version == 1
    rig.sync()
    assert list(rig.state_dir.glob("sync/replica.db.corrupt-*"))
    summary = SummaryReader(rig.state_dir / "sync/replica.db")
    wait_until(lambda: len(summary.read().lists) == len(URGENT_FIRST), "the broker gives the lists again")
    summary.close()
    roster.refresh()
    assert roster.state.roster.version == 1
    assert _codes(roster) == [NoticeCode.REPLICA_RESTARTED]


def test_ok__a_command_from_hq_arrives_once(rig: Rig, stranger: Stranger) -> None:
    rig.hq()
    rig.sync()
    store, roster = rig.store(), rig.roster()
    stranger.subscribe(COMMAND_TOPIC)
    wait_until(lambda: (g := report.gates(store)) and g[0].status and g[0].status.online, "the gate is online")
    order = rig.commands(store).order(
        "site-1", "gate-1", CommandAction.OPEN_ONCE, why="test", by="manager-1", valid_s=30
    )
    got: list[Command] = []
    wait_until(lambda: got.extend(roster.commands(utc())) or got, "the command")
    assert got == [order]

    wait_until(lambda: stranger.seen, "the recorder has heard it too")
    topic, envelope, _ = stranger.seen[-1]
    stranger.publish(topic, envelope)  # the same bytes again, as a recorder on the network would
    wait_until(lambda: _codes(roster) == [NoticeCode.COMMAND_REFUSED], "the replay is recorded")
    assert roster.commands(utc()) == []


def test_ok__after_a_restart_the_journal_knows_what_was_obeyed(rig: Rig) -> None:
    rig.hq()
    rig.sync()
    store, roster = rig.store(), rig.roster()
    wait_until(lambda: (g := report.gates(store)) and g[0].status and g[0].status.online, "the gate is online")
    rig.commands(store).order("site-1", "gate-1", CommandAction.OPEN_ONCE, why="test", by="m", valid_s=30)
    got: list[Command] = []
    wait_until(lambda: got.extend(roster.commands(utc())) or got, "the command")
    again = rig.roster()  # a gate process that was restarted reads all commands from the start
    again.refresh()
    assert again.commands(utc()) == got
    late = rig.roster()
    assert late.commands(utc() + timedelta(minutes=1)) == []
    assert [(i.ref, i.code) for i in late.incidents()] == [(got[0].command_id, NoticeCode.COMMAND_REFUSED)]


def test_ok__parts_are_let_go_and_a_key_change_is_tried_again_on_a_full_disk(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, now, left, tries = JournalReader(rig.state_dir / "gate/journal.db"), [1000.0], [], []
    monkeypatch.setattr(rig.clock, "monotonic", lambda: now[0])
    service = SyncService.open(rig.config, reader, rig.clock, software="test", open_reader=JournalReader)
    monkeypatch.setattr(service._parts.link, "unsubscribe", left.append)

    def forget(key: object) -> None:
        tries.append(key)
        if len(tries) == 1:
            raise ReplicaError("full")

    monkeypatch.setattr(service._parts.replica, "forget_untrusted", forget)
    path = rig.config.keys.hq_signing_public_path
    assert path is not None
    path.write_bytes(path.read_bytes() + public_pem(Ed25519PrivateKey.generate()))
    for _ in range(4):
        service._parts.lists._subscribed = {("sitegate/v1/site-1/list/roster/2", 1)}
        now[0] += 2.0
        service.step(0)
    assert len(tries) == 2, "until it is done, and no longer"
    assert left == [["sitegate/v1/site-1/list/roster/2"]]
    service.close()
    reader.close()


def test_fail__a_retained_command_never_reaches_the_gate(rig: Rig, stranger: Stranger) -> None:
    command = Command(
        command_id="c-1",
        gate_id="gate-1",
        action=CommandAction.OPEN_ONCE,
        issued_utc=utc(),
        expires_utc=utc() + timedelta(seconds=60),
        issued_by="m",
        why="kept at the broker",
    )
    stranger.publish(COMMAND_TOPIC, sign(encode(command), "command", rig.signing), retain=True)
    rig.sync()
    roster = rig.roster()
    wait_until(lambda: _codes(roster) == [NoticeCode.COMMAND_REFUSED], "the refusal is recorded")
    assert roster.commands(utc()) == []


def test_fail__an_acknowledgement_of_what_was_never_written(rig: Rig, stranger: Stranger) -> None:
    journal = rig.journal()
    note(journal, 3)
    rig.sync()
    ack = Ack(gate_id="gate-1", epoch=journal.epoch, seq=1_000, utc=utc())
    roster = rig.roster()

    def refused() -> bool:
        stranger.publish("sitegate/v1/site-1/gate-1/ack", sign(encode(ack), "ack", rig.signing))
        return NoticeCode.MESSAGE_REFUSED in _codes(roster)

    wait_until(refused, "the refusal is recorded")
    assert roster.acks() == []


def test_fail__a_flood_of_rubbish_is_recorded_but_bounded(rig: Rig, stranger: Stranger) -> None:
    rig.hq()
    rig.sync()
    journal, store, roster = rig.journal(), rig.store(), rig.roster()
    for number in range(300):
        stranger.publish("sitegate/v1/site-1/gate-1/ack", b"rubbish %d" % number)
    note(journal, 20)
    wait_until(lambda: rig.holds(store, 20), "events flow all the same")
    codes = _codes(roster)
    assert set(codes) == {NoticeCode.MESSAGE_REFUSED}
    assert len(codes) <= 10


def test_fail__a_refused_connection_is_not_connected(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path, "allow_anonymous false")
    broker.start()
    rig = Rig(tmp_path, broker.port)
    runner = rig.sync()
    summary = SummaryReader(rig.state_dir / "sync/replica.db")
    wait_until(lambda: summary.read().link and "refuses" in summary.read().link.detail, "the refusal is shown")
    assert not summary.read().link.connected
    assert runner.failure is None
    summary.close()
    rig.close()
    broker.kill()


def test_ok__a_password_opens_the_same_broker(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "gate-1", "s3cret"], check=True)
    broker = Mosquitto(tmp_path, f"allow_anonymous false\npassword_file {passwords}")
    broker.start()
    rig = Rig(tmp_path, broker.port)
    rig.sync(rig.gate_config(username="gate-1", password="s3cret"))
    summary = SummaryReader(rig.state_dir / "sync/replica.db")
    wait_until(lambda: summary.read().link and summary.read().link.connected, "the connection")
    summary.close()
    rig.close()
    broker.kill()
