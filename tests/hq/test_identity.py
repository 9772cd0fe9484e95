"""Who says so? What HQ takes, from whom, and what a stranger, another gate or a taken-over sync process can do."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sync_rig import Rig, Stranger, note, utc, wait_until

from contract.chain import GENESIS, link
from contract.codec import encode
from contract.identity import sign_message
from contract.messages import EventBatch, EventRecord, GateStatus, Health, ListKind, SnapshotRequest
from contract.topics import Channel, topic
from edge.storage.journal import JournalReader
from edge.sync.signed_messages import MessageSigner
from hq import config as hq_config
from hq.database.gate_reports import set_status
from hq.database.store import Store
from hq.ingest.ingest import Ingest
from hq.ingest.senders import SenderCheck
from hq.mqtt import BrokerMessage
from hq.registry.approvals import Approvals
from hq.registry.gates import GateRegistry
from hq.reports import report
from hq.reports.registration_states import registration_states
from hq.service import HqService

Forge = Callable[[list[EventRecord]], list[EventRecord]]


def strict(rig: Rig, store: Store) -> Ingest:
    """HQ's ingest that takes registered gates alone; this one is."""
    rig.register()
    return Ingest(store, Approvals(store, rig.people(store), rig.keys), SenderCheck())


def written(rig: Rig, count: int = 6) -> tuple[str, list[EventRecord]]:
    """The epoch and records of a journal that this gate wrote, each signed."""
    journal = rig.journal()
    note(journal, count)
    reader = JournalReader(rig.state_dir / "gate/journal.db")
    found = reader.records(0, 100)
    reader.close()
    return journal.epoch, found


def chained(records: list[EventRecord], prev_hash: str = GENESIS) -> list[EventRecord]:
    """The same bodies as a whole chain of their own, unsigned."""
    found = []
    for seq, record in enumerate(records, start=records[0].seq):
        found.append(EventRecord(seq=seq, prev_hash=prev_hash, hash=link(prev_hash, record.body), body=record.body))
        prev_hash = found[-1].hash
    return found


def stripped(records: list[EventRecord]) -> list[EventRecord]:
    return [record.model_copy(update={"signature": None}) for record in records]


def swapped(records: list[EventRecord]) -> list[EventRecord]:
    second, third = records[1], records[2]
    return [records[0], third.model_copy(update={"seq": 2}), second.model_copy(update={"seq": 3}), *records[3:]]


def invented(records: list[EventRecord]) -> list[EventRecord]:
    """An event of the forger's before the gate's own ones."""
    body = records[0].body.replace("tamper", "fire_on")
    forged = EventRecord(seq=1, prev_hash=GENESIS, hash=link(GENESIS, body), body=body)
    return [forged, *records[1:]]


FORGERIES: dict[str, Forge] = {
    "without signatures": stripped,
    "an event invented before the real ones": invented,
    "a body changed, its hash kept": lambda r: [*r[:2], r[2].model_copy(update={"body": r[2].body + " "}), *stripped(r[3:5]), r[5]],
    "a chain of the forger's own": chained,
    "a signature of another record": lambda r: [*r[:5], r[5].model_copy(update={"signature": r[4].signature})],
    "events in another order": swapped,
    "an event left out": lambda r: [*stripped(r[:2]), *r[3:]],
    "said to be erased": lambda r: [*r[:5], r[5].model_copy(update={"erased": r[5].signature})],
}  # fmt: skip


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_fail__a_taken_over_sync_process_invents_changes_and_reorders_nothing(rig: Rig, forge: Forge) -> None:
    """It has the broker account, the link key and all that the journal holds, but not the gate's key."""
    store = rig.store()
    taker, (epoch, records) = strict(rig, store), written(rig)
    forged = stripped_but_last(forge(records)) if forge is not stripped else forge(records)
    batch = EventBatch(site_id="site-1", gate_id="gate-1", epoch=epoch, records=tuple(forged), base_seq=0)
    outcome = taker.take(batch)
    assert (outcome.ack, outcome.stored, report.events(store)) == (None, 0, [])
    assert report.quarantine(store)[0].reason.startswith("events: event ")
    real = batch.model_copy(update={"records": tuple(records)})
    assert taker.take(real).stored == 6, "what the gate wrote arrives all the same"
    assert all(verdict.ok for verdict in report.verdicts(store))


def stripped_but_last(records: list[EventRecord]) -> list[EventRecord]:
    """As little as a batch of the gate carries: the signature of its last record."""
    return [*stripped(records[:-1]), records[-1]]


def test_fail__a_gate_of_another_site_or_another_gate_of_this_one(rig: Rig) -> None:
    store = rig.store()
    taker, (epoch, records) = strict(rig, store), written(rig)
    for change, why in (
        ({"gate_id": "gate-2"}, "not registered"),
        ({"site_id": "site-2"}, "registered for site site-1"),
        ({"epoch": "another"}, "not signed by the gate's registered key"),
    ):
        batch = EventBatch(site_id="site-1", gate_id="gate-1", epoch=epoch, records=tuple(records))
        assert taker.take(batch.model_copy(update=change)).ack is None
        assert why in report.quarantine(store)[0].reason
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    GateRegistry(store, rig.keys).add("gate-2", "site-1", other, other, by="test")
    stolen = EventBatch(site_id="site-1", gate_id="gate-2", epoch=epoch, records=tuple(records))
    assert taker.take(stolen).ack is None
    assert report.events(store) == []


def test_fail__a_stranger_at_the_broker_holds_up_nothing(rig: Rig, stranger: Stranger) -> None:
    rig.hq()
    epoch, records = written(rig, 20)
    name = topic(Channel.EVENTS, "site-1", "gate-1")
    for epochs in (epoch, "20300101-abcdef"):
        forged = EventBatch(site_id="site-1", gate_id="gate-1", epoch=epochs, records=tuple(chained(records[:5])))
        stranger.publish(name, encode(forged))
    status = GateStatus(gate_id="gate-1", site_id="site-1", online=True)
    health = Health(gate_id="gate-1", site_id="site-1", utc=utc(), unsent_events=9)
    stranger.publish(topic(Channel.STATUS, "site-1", "gate-1"), encode(status), retain=True)
    stranger.publish(topic(Channel.HEALTH, "site-1", "gate-1"), encode(health))
    rig.sync()
    store = rig.store()
    wait_until(lambda: rig.holds(store, 20), "HQ holds the events of the gate, and no others")
    wait_until(lambda: len(report.quarantine(store)) >= 3, "what the stranger sent lies aside")
    wait_until(lambda: report.gates(store) and report.gates(store)[0].health, "health")
    (row,) = report.gates(store)
    assert row.status is not None and row.status.software == "test"
    assert row.health is not None and row.health.unsent_events != 9


def test_ok__gates_of_before_are_taken_for_a_stated_time_and_named(rig: Rig) -> None:
    store, (epoch, records) = rig.store(), written(rig)
    approvals = Approvals(store, rig.people(store), rig.keys)
    old = EventBatch(site_id="site-1", gate_id="gate-1", epoch=epoch, records=tuple(stripped(records)))
    late = Ingest(store, approvals, SenderCheck(utc() - timedelta(seconds=1)))
    assert late.take(old).ack is None
    assert (
        registration_states(store, None)["gate-1"].text
        == "not registered: waits. sitegate-hq gate code gate-1 --site site-1 --by YOU"
    )
    until = utc() + timedelta(days=30)
    outcome = Ingest(store, approvals, SenderCheck(until)).take(old)
    assert outcome.stored == 6
    set_status(store, GateStatus(version="1.2", gate_id="gate-1", site_id="site-1", online=True))
    told = registration_states(store, until)["gate-1"]
    assert told.taken
    assert told.text.startswith(f"of before 1.3, taken until {until:%Y-%m-%d}")
    assert "Update it" in registration_states(store, None)["gate-1"].text
    rig.register()
    again = old.model_copy(update={"epoch": "another"})
    assert Ingest(store, approvals, SenderCheck(until)).take(again).ack is None, "registered, it must sign"
    assert registration_states(store, until)["gate-1"].text.startswith("registered ")


@pytest.fixture
def hq(rig: Rig) -> HqService:
    """Its turns are the test's; it is not connected."""
    rig.register()
    return HqService(hq_config.load(rig.hq_folder))


def said(rig: Rig, serials: int = 1, **fields: object) -> bytes:
    """A status that this gate's sync process signed."""
    signer = MessageSigner(rig.link_key, lambda: serials, 0)
    return signer.sign(GateStatus(gate_id="gate-1", site_id="site-1", online=True, **fields), Channel.STATUS)


def take(hq: HqService, channel: Channel, payload: bytes, retained: bool = False) -> GateStatus | None:
    hq.parts.messages.take(BrokerMessage(topic(channel, "site-1", "gate-1"), payload, retained))
    rows = report.gates(hq.parts.store)
    return rows[0].status if rows else None


def test_fail__an_old_status_played_again_changes_nothing(rig: Rig, hq: HqService) -> None:
    first, second = said(rig, 5, connection=3, roster_version=1), said(rig, 9, connection=3, roster_version=2)
    assert take(hq, Channel.STATUS, first).roster_version == 1
    assert take(hq, Channel.STATUS, second).roster_version == 2
    for retained in (False, True):
        assert take(hq, Channel.STATUS, first, retained).roster_version == 2
    assert report.quarantine(hq.parts.store) == [], "the broker repeats what it keeps: no alarm"
    hq.close()


def test_ok__a_will_ends_its_own_connection_and_no_other(rig: Rig, hq: HqService) -> None:
    signer = MessageSigner(rig.link_key, lambda: 1, 0)
    status = GateStatus(gate_id="gate-1", site_id="site-1", online=True)
    wills, births = [], []
    for _ in range(2):
        connection = signer.next_serial()
        wills.append(signer.sign_will(status.model_copy(update={"online": False}), connection))
        births.append(signer.sign(status.model_copy(update={"connection": connection}), Channel.STATUS))
    assert take(hq, Channel.STATUS, births[0]).online
    assert not take(hq, Channel.STATUS, wills[0]).online
    assert not take(hq, Channel.STATUS, births[0]).online, "played again after the end of its connection"
    assert take(hq, Channel.STATUS, births[1]).online
    assert take(hq, Channel.STATUS, wills[0]).online, "of the connection before"
    assert not take(hq, Channel.STATUS, wills[1]).online
    hq.close()


@pytest.mark.parametrize("key", [None, Ed25519PrivateKey.generate()], ids=["unsigned", "another key"])
def test_fail__status_health_and_requests_of_somebody_else(
    rig: Rig, hq: HqService, key: Ed25519PrivateKey | None
) -> None:
    signer = MessageSigner(key, lambda: 10, 0)
    status = GateStatus(gate_id="gate-1", site_id="site-1", online=True)
    health = Health(gate_id="gate-1", site_id="site-1", utc=utc(), unsent_events=0)
    request = SnapshotRequest(gate_id="gate-1", site_id="site-1", kind=ListKind.ROSTER)
    hq.parts.sending._sent["site-1", ListKind.ROSTER] = (1, 0)
    for channel, message in ((Channel.STATUS, status), (Channel.HEALTH, health), (Channel.SNAPSHOT_REQUEST, request)):
        payload = signer.sign(message, channel)
        hq.parts.messages.take(BrokerMessage(topic(channel, "site-1", "gate-1"), payload, False))
    assert [(row.status, row.health) for row in report.gates(hq.parts.store)] in ([], [(None, None)])
    assert hq.parts.sending._sent == {("site-1", ListKind.ROSTER): (1, 0)}
    reasons = [row.reason for row in report.quarantine(hq.parts.store)]
    assert len(reasons) == 3
    assert all("not signed by the gate's registered link key" in reason for reason in reasons)
    hq.close()


def test_fail__a_flood_of_strange_messages_is_kept_once(rig: Rig, hq: HqService) -> None:
    for number in range(50):
        health = Health(gate_id="gate-1", site_id="site-1", utc=utc(), unsent_events=number)
        take(hq, Channel.HEALTH, encode(health))
    assert len(report.quarantine(hq.parts.store)) == 1
    hq.close()


def test_fail__the_gate_key_does_not_speak_for_sync_nor_the_other_way_round(rig: Rig, hq: HqService) -> None:
    status = encode(GateStatus(gate_id="gate-1", site_id="site-1", online=True, serial=1))
    assert take(hq, Channel.STATUS, sign_message(status, "status", rig.gate_key)) is None
    epoch, records = written(rig)
    taker = Ingest(hq.parts.store, Approvals(hq.parts.store, rig.people(hq.parts.store), rig.keys), SenderCheck())
    rig.gate_key = rig.link_key
    batch = rig.sign_batch(EventBatch(site_id="site-1", gate_id="gate-1", epoch=epoch, records=tuple(records)))
    assert taker.take(batch).ack is None
    hq.close()
