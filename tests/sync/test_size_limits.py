"""A message larger than its channel carries is refused at either end, however genuine; one that just fits is taken."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sync_rig import Rig, utc

from contract.codec import encode
from contract.messages import Ack, EventBatch, GateStatus, Health, HqState, Message, NoticeCode, Refusal
from contract.samples import file
from contract.signing import sign
from contract.topics import ROUTES, Channel, topic
from edge.replica.writer import ReplicaWriter
from edge.sync.downlink import Downlink
from edge.sync.incident_log import IncidentLog
from edge.sync.mqtt import Received
from edge.system.clock import SystemClock
from hq import config as hq_config
from hq.mqtt import BrokerMessage
from hq.reports import report
from hq.service import HqService

BATCH = EventBatch.model_validate_json(file("event_batch").read_bytes())


def padded(message: Message, size: int) -> bytes:
    """The message with an unknown field that makes it `size` bytes long: genuine, for a reader of any version."""
    said = json.loads(encode(message))
    room = size - len(json.dumps({**said, "padding": ""}))
    return json.dumps({**said, "padding": "x" * room}).encode()


def largest_signed(message: Message, channel: Channel, rig: Rig, over: int) -> bytes:
    """Signed by HQ, and `over` bytes longer than the channel carries (up to 3 less: base64 grows by fours)."""
    limit, size = ROUTES[channel].max_bytes + over, 200
    while len(sign(padded(message, size + 1), channel.value, rig.signing)) <= limit:
        size += 1
    return sign(padded(message, size), channel.value, rig.signing)


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[ReplicaWriter]:
    made = ReplicaWriter(tmp_path / "replica.db")
    yield made
    made.close()


def test_fail__at_the_gate(rig: Rig, replica: ReplicaWriter) -> None:
    site, clock = rig.config.site, SystemClock()
    down = Downlink(
        site, hq_key=rig.signing.public_key(), replica=replica, incidents=IncidentLog(replica, clock), now=clock.utc
    )
    ack = Ack(gate_id=site.gate_id, epoch="e", seq=1, utc=utc())

    def comes(channel: Channel, payload: bytes) -> object:
        return down.handle(Received(topic(channel, site.site_id, site.gate_id, part=1), payload, False))

    assert comes(Channel.ACK, largest_signed(ack, Channel.ACK, rig, 0)) is not None
    assert comes(Channel.ACK, largest_signed(ack, Channel.ACK, rig, 4)) is None
    limit = ROUTES[Channel.HQ_STATE].max_bytes
    assert comes(Channel.HQ_STATE, padded(HqState(online=True), limit)) is not None
    assert comes(Channel.HQ_STATE, padded(HqState(online=True), limit + 1)) is None


def test_ok__a_kept_refusal_signed_with_a_retired_key_is_nothing_new(rig: Rig, replica: ReplicaWriter) -> None:
    site, clock, retired = rig.config.site, SystemClock(), Ed25519PrivateKey.generate()
    incidents = IncidentLog(replica, clock)
    down = Downlink(site, hq_key=rig.signing.public_key(), replica=replica, incidents=incidents, now=clock.utc)
    refusal = Refusal(gate_id=site.gate_id, reason="event differs", utc=utc())
    where = topic(Channel.REFUSAL, site.site_id, site.gate_id)
    down.handle(Received(where, sign(encode(refusal), "refusal", retired), True))
    assert not incidents.count
    down.handle(Received(where, sign(encode(refusal), "refusal", retired), False))
    down.handle(Received(where, sign(encode(refusal), "refusal", rig.signing), True))
    assert incidents.count == {NoticeCode.MESSAGE_REFUSED: 1, NoticeCode.EVENT_REFUSED: 1}


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize(
    ("channel", "message"),
    [
        (
            Channel.EVENTS,
            BATCH.model_copy(update={"records": BATCH.records[:3]}),
        ),  # the fourth is sealed for another HQ
        (Channel.STATUS, GateStatus(gate_id="gate-1", site_id="site-1", online=True)),
        (Channel.HEALTH, Health(gate_id="gate-1", site_id="site-1", utc=utc(), unsent_events=0)),
    ],
    ids=["events", "status", "health"],
)
def test_fail__at_hq(rig: Rig, channel: Channel, message: Message, over: int) -> None:
    rig.take_unsigned()
    hq = HqService(hq_config.load(rig.hq_folder))
    limit = ROUTES[channel].max_bytes
    arrival = hq.parts.messages.take(
        BrokerMessage(topic(channel, "site-1", "gate-1"), padded(message, limit + over), False)
    )
    assert (arrival is not None) is (channel is Channel.EVENTS and not over)
    hq.parts.ingest.take_all([arrival] if arrival else [])
    store = rig.store()
    said = [row.reason for row in report.quarantine(store)]
    assert said == ([f"{channel.value}: {limit + 1} bytes is over the limit of {limit}"] if over else [])
    taken = len(report.events(store)) if channel is Channel.EVENTS else len(report.gates(store))
    assert bool(taken) is not bool(over)
    hq.close()
