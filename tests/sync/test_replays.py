"""What was seen on the wire, or lay on an old card, and is brought again; and what strangers do to what HQ says of
others."""

import base64
import json
import threading
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from registry_rig import registry_of, shown
from sqlalchemy import select
from sync_rig import Rig, Runner, Stranger, note, utc, wait_until
from withdrawal_rig import World, enrol, files, vector
from withdrawal_rig import persistent as persistent
from withdrawal_rig import world as world

from contract.chain import GENESIS, link
from contract.codec import decode_event, encode
from contract.keyring import OpeningKeys, TrustedKeys
from contract.messages import EnrolmentRecord, EventBatch, EventRecord, GateStatus, SealedTemplate
from contract.signing import ENROLMENT, seal
from contract.topics import Channel, topic
from edge.core.layout import JOURNAL, REPLICA, SYNC
from edge.replica.reader import ReplicaReader
from edge.storage.journal import JournalReader
from edge.sync.registration import NotRegistered, register
from edge.sync.service import SyncService
from edge.sync.signed_messages import MessageSigner
from hq import config as hq_config
from hq.database import tables as t
from hq.database.values import UNREAD_TYPE
from hq.ingest.batches import examine
from hq.ingest.ingest import Ingest
from hq.ingest.sender_log import REASONS_MAX
from hq.ingest.senders import SenderCheck
from hq.registry.approvals import Approvals
from hq.registry.gates import GateRegistry, RegistryRefused
from hq.reports import report
from hq.reports.receipts import TemplatePlace
from hq.service import HqService


def new_keys() -> list[bytes]:
    return [Ed25519PrivateKey.generate().public_key().public_bytes_raw() for _ in range(2)]


def test_fail__an_earlier_answer_of_hq_is_no_answer_to_this_registration(rig: Rig, stranger: Stranger) -> None:
    """The broker keeps HQ's word from back then, and swallows what is asked now."""
    code = registry_of(rig, rig.store()).invite("gate-1", "site-1", by="m-7", valid_s=60).code
    stranger.subscribe("sitegate/v1/+/+/registered")
    hq = rig.hq(known=False)
    first = register(rig.config, shown(rig, code)[1], rig.signing.public_key())
    assert first.startswith("registered for site-1")
    wait_until(lambda: stranger.seen, "the answer passes")
    earlier = stranger.seen[0][1]
    hq.stop()
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(0.2):
            stranger.publish(topic(Channel.REGISTERED, "site-1", "gate-1"), earlier)

    repeating = threading.Thread(target=repeat)
    repeating.start()
    try:
        with pytest.raises(NotRegistered, match="HQ does not answer"):
            register(rig.config, shown(rig, code)[1], rig.signing.public_key(), answer_s=2)
    finally:
        over.set()
        repeating.join()


def test_fail__keys_that_ended_never_count_again(rig: Rig) -> None:
    """A copy of the stolen card has them too."""
    registry = registry_of(rig, rig.store())
    code = registry.invite("gate-1", "site-1", by="m-7", valid_s=60).code
    registration, payload = shown(rig, code)
    assert registry.take(registration, payload)[0]
    halves = registration.gate_key, registration.link_key
    moved = registry.add("gate-1", "site-2", *halves, by="m-7", replaces=True)
    assert moved.site_id == "site-2", "in force at this gate: it may move"
    registry.add("gate-1", "site-1", *halves, by="m-7", replaces=True)
    registry.revoke("gate-1", by="m-8", why="card stolen")
    again = registry.invite("gate-1", "site-1", by="m-7", valid_s=60).code
    with pytest.raises(RegistryRefused, match="let the gate make new ones"):
        registry.take(*shown(rig, again))
    with pytest.raises(RegistryRefused, match="let the gate make new ones"):
        registry.add("gate-7", "site-1", new_keys()[0], halves[1], by="m-7")
    assert registry.add("gate-1", "site-1", *new_keys(), by="m-7").site_id == "site-1"


def test_fail__an_erased_record_continues_no_other_chain(world: World) -> None:
    """Its hash no longer says what it follows; a taken-over sync process could have the gate's chain look broken."""
    gate = world.gate()
    note(gate.journal, 2)
    enrol(world, gate, "w-1", "w-1 again")
    gate.journal.erase_sealed(3)
    note(gate.journal, 2)
    gate.journal.sign()
    records = gate.reader.records(0, 10)
    assert records[2].erased is not None
    moved = records[2].model_copy(update={"prev_hash": "ab" * 32})
    real = EventBatch(site_id="site-1", gate_id="gate-1", epoch=gate.journal.epoch, records=tuple(records), base_seq=0)
    taker = Ingest(world.store, Approvals(world.store, world.people, world.rig.keys), SenderCheck())
    forged = real.model_copy(update={"records": (*records[:2], moved, *records[3:])})
    assert taker.take(forged).ack is None
    assert report.events(world.store) == []
    assert taker.take(real).stored == 5
    assert all(verdict.ok for verdict in report.verdicts(world.store, world.people.cipher))


class Behind:
    """A machine without a clock of its own, before it has heard the time."""

    def __init__(self, world: World) -> None:
        self._clock, self.by = world.rig.clock, timedelta(hours=2)

    def utc(self) -> datetime:
        return self._clock.utc() - self.by

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def trusted(self) -> bool:
        return True


def test_ok__a_gate_whose_clock_was_behind_when_it_connected_is_heard_once_it_is_right(world: World) -> None:
    gate = world.gate()
    world.rig.hq()
    world.publish()
    world.wait(world.told, "HQ knows what it has")
    gate.stop()
    wait_until(lambda: not report.gates(world.store)[0].status.online, "it is away")  # type: ignore[union-attr]
    gate.roster.close()
    for path in (gate.folder / SYNC).iterdir():
        path.unlink()  # with it, which numbers were used
    clock, keys = Behind(world), gate.config.keys
    gate.reader = JournalReader(gate.folder / JOURNAL)
    gate.sync = Runner(
        SyncService.open(gate.config, gate.reader, clock, software="test", open_reader=JournalReader, key=gate.keys[1])  # type: ignore[arg-type]
    )
    lists = TrustedKeys(keys.hq_signing_public_path), OpeningKeys(keys.site_private_path)
    gate.roster = ReplicaReader(gate.folder / REPLICA, gate.config.site, *lists)
    world.wait(lambda: gate.who, "it is connected, and has the roster")
    assert not report.gates(world.store)[0].status.online  # type: ignore[union-attr]
    clock.by = timedelta(0)
    world.wait(lambda: report.gates(world.store)[0].status.online, "HQ hears it")  # type: ignore[union-attr]


def test_fail__a_gate_that_never_reported_or_was_turned_away_is_no_receipt(world: World) -> None:
    """The broker gives the roster to each gate of the site, whether HQ hears of that or not."""
    world.rig.hq(known=False)
    GateRegistry(world.store, world.rig.keys).add("gate-8", "site-1", *new_keys(), by="test")
    stranger = Stranger(world.rig.port)
    stranger.subscribe("sitegate/v1/hq/state")
    wait_until(lambda: stranger.seen, "HQ is connected")  # it says so, and subscribes before
    status = GateStatus(gate_id="gate-9", site_id="site-1", online=True)
    stranger.publish(
        topic(Channel.STATUS, "site-1", "gate-9"), MessageSigner(None, lambda: 5, 0).sign(status, Channel.STATUS)
    )
    wait_until(lambda: report.quarantine(world.store), "it was turned away")
    stranger.close()
    world.publish()
    world.withdraw("w-1")
    assert world.held() == {"gate-8": TemplatePlace.UNKNOWN, "gate-9": TemplatePlace.UNKNOWN}
    assert "not registered" in world.receipts()["gate-9"].detail
    assert "not registered" not in world.receipts()["gate-8"].detail


def test_fail__what_another_card_told_is_no_receipt_for_the_new_one(world: World) -> None:
    """The new one may be an old image, which has not told anything yet."""
    world.gate()
    world.rig.hq()
    world.publish()
    world.wait(world.told, "HQ knows what it has")
    world.withdraw("w-1")
    world.wait(lambda: world.held() == {"gate-1": TemplatePlace.NOWHERE}, "the receipt")
    GateRegistry(world.store, world.rig.keys).add("gate-1", "site-1", *new_keys(), by="test", replaces=True)
    assert world.held() == {"gate-1": TemplatePlace.UNKNOWN}
    assert world.receipts()["gate-1"].proven_utc is None


def test_fail__no_stranger_uses_up_the_room_of_others(rig: Rig) -> None:
    hq = HqService(hq_config.load(rig.hq_folder))
    told = [hq.parts.ingest.senders.refused("gate-1", f"event {n} carries no signature") for n in range(1100)]
    assert told.count(True) == REASONS_MAX
    assert hq.parts.ingest.senders.refused("gate-2", "the gate is not registered")
    body = "{}"
    record = EventRecord(seq=1, prev_hash=GENESIS, hash=link(GENESIS, body), body=body)
    for number in range(20):
        batch = EventBatch(site_id="site-1", gate_id=f"invented-{number}", epoch="e", records=(record,))
        hq.parts.intake.add(examine(batch))
    hq.parts.intake.due()
    samples = [sample for metric in hq.metrics.events.collect() for sample in metric.samples]
    hq.close()
    assert samples == [], "nor numbers of their own, without end"


def test_ok__an_enrolment_that_only_a_newer_hq_reads_goes_with_the_consent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept as it came, to be read after the update: what is sealed in it must not outlive the consent."""
    gate = world.gate()
    note(gate.journal, 1)
    gate.journal.sign()
    (first,) = gate.reader.records(0, 5)
    template = SealedTemplate(model_id="m", vector=vector("newer"))
    taken = EnrolmentRecord(worker_id="w-1", consent_ref="c-1", captured_utc=utc(), templates=(template,))
    sealed = base64.b64encode(seal(encode(taken), ENROLMENT, world.rig.keys.sealing.public_key())).decode()
    shared = {k: v for k, v in json.loads(first.body).items() if k not in ("code", "detail")}
    told = {"worker_id": "w-1", "consent_ref": 5, "model_id": "m", "sealed_record": sealed}
    body = json.dumps({**shared, "version": "1.9", "type": "enrolment", "seq": 2, **told}, separators=(",", ":"))
    second = EventRecord(seq=2, prev_hash=first.hash, hash=link(first.hash, body), body=body)
    batch = EventBatch(
        site_id="site-1", gate_id="gate-1", epoch=gate.journal.epoch, records=(first, second), base_seq=0
    )
    taker = Ingest(world.store, Approvals(world.store, world.people, world.rig.keys), SenderCheck())
    assert taker.take(world.rig.sign_batch(batch)).stored == 2

    def holding() -> list[str]:
        return [path.name for path, held in files(world.rig.hq_folder).items() if sealed.encode() in held]

    world.withdraw("w-2")
    assert holding()
    world.withdraw("w-1")
    assert holding() == []
    assert all(verdict.ok for verdict in report.verdicts(world.store, world.people.cipher))
    with world.store.read() as db:  # the update, which reads it
        row = db.execute(select(t.events).where(t.events.c.type == UNREAD_TYPE)).one()
    readable = json.dumps(json.loads(row.body) | {"consent_ref": "c-1"})
    event = decode_event(readable)
    monkeypatch.setattr("hq.ingest.ingest.readable", lambda record: event)
    assert taker.read_again() == 1
    assert report.quarantine(world.store) == []
    assert all(verdict.ok for verdict in report.verdicts(world.store, world.people.cipher))
