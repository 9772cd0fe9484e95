"""Hostile payloads on every topic, at both ends: no crash, no change of state, nothing that grows without bound.

SITEGATE_FUZZ=1000000 tries so many at each end; the suite is content with fewer.
"""

import json
import os
import random
import resource
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sync_rig import Rig

import contract
from contract.codec import encode
from contract.messages import Command, CommandAction
from contract.signing import sign
from contract.topics import Channel, topic
from edge.clock import SystemClock
from edge.sync.downlink import Downlink
from edge.sync.incidents import IncidentLog
from edge.sync.mqtt import Received
from edge.sync.replica import ReplicaWriter
from hq import config as hq_config
from hq.mqtt import Received as AtHq
from hq.service import HqService

ROUNDS = int(os.environ.get("SITEGATE_FUZZ", "6000"))
GOLDEN = sorted((Path(contract.__file__).parent / "golden").glob("*.json"))
GROWTH_MAX_MB = 120


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path, 1)
    yield made
    made.close()


def payloads(rig: Rig, seed: int) -> Iterator[bytes]:
    """Real messages, and ones signed by HQ's own key, mutilated in every way; and plain noise."""
    dice = random.Random(seed)
    samples = [path.read_bytes() for path in GOLDEN]
    samples += [  # genuine signatures for another purpose, too
        sign(path.read_bytes(), channel.value, rig.signing)
        for path in GOLDEN
        for channel in Channel
        if not path.name.startswith((channel.value, "sealed_list"))
    ]
    while True:
        sample = bytearray(dice.choice(samples))
        match dice.randrange(7):
            case 0:
                sample = bytearray(dice.randbytes(dice.randrange(400)))
            case 1:
                del sample[dice.randrange(len(sample)) :]
            case 2:
                for _ in range(dice.randrange(1, 6)):
                    sample[dice.randrange(len(sample))] = dice.randrange(256)
            case 3:
                start = dice.randrange(len(sample))
                sample[start:start] = sample[dice.randrange(len(sample)) :]
            case 4:
                sample = bytearray(changed(sample, dice))
            case 5:
                sample = bytearray(b"[" * dice.randrange(1, 3000))
            case _:
                sample = bytearray(
                    json.dumps({"type": "ack", "version": dice.choice(("1.0", "9.9", "", "x"))}).encode()
                )
        yield bytes(sample)


def changed(sample: bytes | bytearray, dice: random.Random) -> bytes:
    """One field of the JSON replaced by something of the wrong size or type."""
    data = json.loads(sample)
    if isinstance(data, dict) and data:
        strange = (
            None,
            -1,
            10**30,
            1e308,
            "",
            "x" * 5000,
            [],
            {},
            True,
            "9999-12-31T23:59:59+14:00",
            "\u0000",
            "../../etc",
        )
        data[dice.choice(sorted(data))] = dice.choice(strange)
    return json.dumps(data).encode()


def used_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.timeout(3600)
def test_fail__whatever_comes_to_a_gate_changes_nothing(rig: Rig, tmp_path: Path) -> None:
    site, replica, clock = rig.config.site, ReplicaWriter(tmp_path / "replica.db"), SystemClock()
    down = Downlink(site, rig.signing.public_key(), replica, IncidentLog(replica, clock), clock.utc)
    dice, source, settled = random.Random(3), payloads(rig, 3), 0.0
    channels = [channel for channel in Channel if channel not in (Channel.EVENTS, Channel.STATUS, Channel.HEALTH)]
    for number in range(ROUNDS):
        name = (
            topic(dice.choice(channels), site.site_id, site.gate_id)
            if dice.random() < 0.95
            else "sitegate/v1/x/y/z/list"
        )
        answer = down.handle(Received(name, next(source), dice.random() < 0.2))
        assert answer is None or type(answer).__name__ == "HqState", answer
        if number == ROUNDS // 10:
            settled = used_mb()
    assert replica.versions() == {}, "a list was believed"
    reader = rows(tmp_path / "replica.db")
    assert reader["commands"] == reader["list_parts"] == reader["acks"] == 0
    assert reader["incidents"] < 2_000, "refusals are thinned"
    assert used_mb() - settled < GROWTH_MAX_MB
    print(f"{ROUNDS} payloads at the gate: {reader['incidents']} incidents kept, {used_mb() - settled:.0f} MB more")
    replica.close()


@pytest.mark.timeout(3600)
def test_fail__whatever_comes_to_hq_changes_nothing(rig: Rig) -> None:
    hq = HqService(hq_config.load(rig.hq_folder))
    dice, source, settled = random.Random(4), payloads(rig, 4), 0.0
    for number in range(ROUNDS):
        channel = dice.choice((Channel.EVENTS, Channel.STATUS, Channel.HEALTH))
        name = topic(channel, "site-1", "gate-9") if dice.random() < 0.95 else "sitegate/v1/odd"
        hq._take(AtHq(name, next(source), False))
        if number == ROUNDS // 10:
            settled = used_mb()
    store = rig.store()
    with store.read() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM events").scalar() == 0
        kept = db.exec_driver_sql("SELECT count(*) FROM quarantine").scalar()
    assert used_mb() - settled < GROWTH_MAX_MB
    print(f"{ROUNDS} payloads at HQ: {kept} in quarantine, {used_mb() - settled:.0f} MB more")
    hq.close()


def rows(path: Path) -> dict[str, int]:
    with sqlite3.connect(path) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {name: int(db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in tables}
    db.close()
    return counts


def test_ok__the_same_way_takes_a_true_command(rig: Rig, tmp_path: Path) -> None:
    """So that the silence above means something."""
    site, replica, clock = rig.config.site, ReplicaWriter(tmp_path / "replica.db"), SystemClock()
    down = Downlink(site, rig.signing.public_key(), replica, IncidentLog(replica, clock), clock.utc)
    command = Command(
        command_id="c-1",
        gate_id=site.gate_id,
        action=CommandAction.OPEN_ONCE,
        issued_utc=clock.utc(),
        expires_utc=clock.utc() + timedelta(seconds=30),
        issued_by="m",
        why="test",
    )
    envelope = sign(encode(command), Channel.COMMAND.value, rig.signing)
    down.handle(Received(topic(Channel.COMMAND, site.site_id, site.gate_id), envelope, False))
    assert rows(tmp_path / "replica.db")["commands"] == 1
    replica.close()
