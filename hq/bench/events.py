"""Measure how many events HQ stores, alone and behind a broker.

Every event is a decision as gates send it, chained and in batches of the gates' default size. Writes wait for the disk
as in use.
"""

import hashlib
import logging
import multiprocessing
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from common.processes import follow_pool
from contract.chain import GENESIS, link
from contract.codec import decode, encode
from contract.identity import head, sign_head
from contract.messages import AccessEvent, Ack, Advice, Direction, EventBatch, EventRecord, Reason
from contract.signing import verify
from contract.topics import ROUTES, Channel, topic
from hq import config as settings
from hq.bench.servers import ServerError, mosquitto
from hq.config import FILE_NAME, HqConfig, template
from hq.database.clock import now
from hq.database.sites import add_sites
from hq.database.store import Store
from hq.ingest.batches import examine
from hq.ingest.ingest import Ingest
from hq.ingest.senders import SenderCheck
from hq.keys import keys
from hq.registry.approvals import Approvals
from hq.registry.gates import GateRegistry
from hq.registry.people import PeopleRegistry
from hq.service import POLL_S, HqService

SITE = "bench"
BATCH_EVENTS, WINDOW_BATCHES = 50, 8
"""A gate's defaults (`[sync]` batch_events, window_batches)."""
PATIENCE_S = 120.0

Payloads = dict[str, list[bytes]]
"""Gate -> its encoded batches, in order."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure. `cpu_us`: processor time of HQ's processes per event in microseconds, without database and broker."""

    name: str
    database: str
    processes: int
    events: int
    seconds: float
    cpu_us: float

    @property
    def per_s(self) -> float:
        return self.events / self.seconds


def batches(gates: Sequence[str], events: int) -> Payloads:
    """Make about `events` decisions of these gates together, as they come from the broker: full batches only."""
    each = max(1, round(events / len(gates) / BATCH_EVENTS)) * BATCH_EVENTS
    return {gate: _journal(gate, each) for gate in gates}


def ingest_alone(folder: Path, url: str, name: str, payloads: Payloads, processes: int) -> Measurement:
    """Measure decoding, checking and storing, without a broker. The gates are divided among the processes."""
    register(folder, url, payloads)
    shares = [list(payloads)[n::processes] for n in range(processes)]
    with _Processes(_take_share, [(folder, url, {g: payloads[g] for g in share}) for share in shares]) as team:
        seconds = team.go()
    return Measurement("ingest alone", name, processes, _count(payloads), seconds, 1e6 * team.cpu_s / _count(payloads))


def through_broker(folder: Path, url: str, name: str, payloads: Payloads, workers: int) -> Measurement:
    """Measure from gates through mosquitto and HQ's processes into the database, until the last acknowledgement is
    back.

    Gates send as their windows allow. With two processes, the second is a worker beside `sitegate-hq run`.
    """
    with mosquitto(folder) as port:  # one of its own: a broker repeats the acknowledgements of an earlier run
        (folder / FILE_NAME).write_text(template((SITE,), port, url))
        register(folder, url, payloads)
        with _Processes(_serve, [(folder, n > 0) for n in range(workers)]) as team:
            gates = _SimulatedGates(settings.load(folder), keys.load(folder).signing, payloads)
            try:
                seconds = gates.run()
            finally:
                gates.close()
            team.go()
    events = _count(payloads)
    return Measurement("broker to acknowledgement", name, workers, events, seconds, 1e6 * team.cpu_s / events)


class _SimulatedGates:
    """Gates at the broker.

    Each sends on when HQ's acknowledgement moves its window, and again what came after a hole.
    """

    def __init__(self, config: HqConfig, signing: Ed25519PrivateKey, payloads: Payloads) -> None:
        self._key, self._payloads = signing.public_key(), payloads
        self._sent = dict.fromkeys(payloads, 0)
        self._acked = dict.fromkeys(payloads, 0)
        self._again = dict.fromkeys(payloads, -1)
        self._done = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        subscribed = threading.Event()
        self._client.on_message = self._on_ack
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.max_inflight_messages_set(1000)
        self._client.connect(config.broker.host, config.broker.port)
        self._client.loop_start()
        self._client.subscribe(topic(Channel.ACK, SITE, "+"), ROUTES[Channel.ACK].qos)
        if not subscribed.wait(10):
            raise ServerError("the broker does not answer")

    def run(self) -> float:
        start = time.perf_counter()
        for gate in self._payloads:
            self._send(gate)
        if not self._done.wait(PATIENCE_S):
            raise ServerError(f"HQ did not acknowledge everything within {PATIENCE_S:.0f} s")
        return time.perf_counter() - start

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._client.on_message = self._client.on_subscribe = None

    def _send(self, gate: str) -> None:
        name, payloads = topic(Channel.EVENTS, SITE, gate), self._payloads[gate]
        while self._sent[gate] < min(len(payloads), self._acked[gate] + WINDOW_BATCHES):
            self._client.publish(name, payloads[self._sent[gate]], ROUTES[Channel.EVENTS].qos)
            self._sent[gate] += 1

    def _on_ack(self, client: Client, data: object, message: MQTTMessage) -> None:
        ack = decode(Ack, verify(bytes(message.payload), Channel.ACK.value, self._key))
        held = ack.seq // BATCH_EVENTS
        if held == self._acked[ack.gate_id] != self._again[ack.gate_id]:
            self._again[ack.gate_id] = self._sent[ack.gate_id] = (
                held  # once: each batch after a hole draws such an answer
            )
        self._acked[ack.gate_id] = max(held, self._acked[ack.gate_id])
        self._send(ack.gate_id)
        if all(self._acked[gate] == len(payloads) for gate, payloads in self._payloads.items()):
            self._done.set()


class _Processes:
    """Processes that prepare themselves, work at a signal, and report the processor time that it took."""

    def __init__(self, work: Callable[..., None], jobs: Sequence[tuple[Any, ...]]) -> None:
        fresh = multiprocessing.get_context("spawn")  # a fork would inherit database connections and threads
        self._pipes, self._processes = [], []
        self.cpu_s = 0.0
        for job in jobs:
            ours, theirs = fresh.Pipe()
            process = fresh.Process(target=work, args=(theirs, *job), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def __enter__(self) -> "_Processes":
        self._reports()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for process in self._processes:
            if kind is None:
                process.join(5)
            process.kill()

    def go(self) -> float:
        """Give the signal. Return the seconds until the last process is done."""
        start = time.perf_counter()
        for pipe in self._pipes:
            pipe.send(None)
        self.cpu_s = sum(self._reports())
        return time.perf_counter() - start

    def _reports(self) -> list[float]:
        try:
            return [float(pipe.recv()) for pipe in self._pipes]
        except EOFError as error:
            raise ServerError("one of HQ's processes ended by itself; its error is above") from error


def quiet() -> None:
    """Log errors only."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def _take_share(pipe: Pipe, folder: Path, url: str, payloads: Payloads) -> None:
    follow_pool()
    quiet()
    store = Store(url)
    pairs = keys.load(folder)
    people = PeopleRegistry(store, pairs)
    ingest = Ingest(store, Approvals(store, people, pairs), SenderCheck())
    senders = [iter(found) for found in payloads.values()]
    pipe.send(0.0)
    pipe.recv()
    begun = time.process_time()
    while waiting := [payload for sender in senders for payload in islice(sender, WINDOW_BATCHES)]:
        ingest.take_all([examine(decode(EventBatch, payload)) for payload in waiting])
    pipe.send(time.process_time() - begun)
    store.close()


def _serve(pipe: Pipe, folder: Path, worker: bool) -> None:
    follow_pool()
    quiet()
    service = HqService(settings.load(folder), worker)
    service.start()
    while not service.connected:
        service.step(POLL_S)
    time.sleep(0.3)  # the broker answers a subscription somewhat later
    pipe.send(0.0)
    begun = time.process_time()
    while not pipe.poll():
        service.step(POLL_S)
    pipe.send(time.process_time() - begun)
    service.close()


def _journal(gate: str, events: int) -> list[bytes]:
    """Make a whole journal, chained, in encoded batches."""
    prev_hash, records, utc = GENESIS, [], datetime.now(UTC)
    for seq in range(1, events + 1):
        event = AccessEvent(
            gate_id=gate,
            site_id=SITE,
            epoch=f"e-{gate}",
            seq=seq,
            boot_id="b-1",
            utc=utc,
            monotonic_ms=seq,
            clock_trusted=True,
            reason=Reason.GRANTED,
            granted=True,
            advice=Advice.WALK_THROUGH,
            direction=Direction.IN,
            worker_id=f"w-{seq % 5000}",
            score=0.7123,
            threshold=0.4375,
            frames=3,
            model_id="opencv-zoo/sface-2021dec/3761f7a3/m2",
        )
        body = event.model_dump_json(exclude_none=True)
        digest = link(prev_hash, body)
        records.append(EventRecord(seq=seq, prev_hash=prev_hash, hash=digest, body=body))
        prev_hash = digest
    cut = [_signed(gate, records[i : i + BATCH_EVENTS]) for i in range(0, events, BATCH_EVENTS)]
    return [encode(EventBatch(site_id=SITE, gate_id=gate, epoch=f"e-{gate}", records=part)) for part in cut]


def _signed(gate: str, records: Sequence[EventRecord]) -> tuple[EventRecord, ...]:
    """Sign the last record with the gate's key."""
    last = records[-1]
    signature = sign_head(head(SITE, gate, f"e-{gate}", last.seq, last.hash), _key_of(gate))
    return *records[:-1], last.model_copy(update={"signature": signature})


def _key_of(gate: str) -> Ed25519PrivateKey:
    """Make the gate's key, the same in each of HQ's processes."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(gate.encode()).digest())


def register(folder: Path, url: str, gates: Iterable[str]) -> None:
    """Register the gates at HQ."""
    pairs = keys.load(folder)
    with closing(Store(url, pairs)) as store:
        with store.write("sites") as db:
            add_sites(db, [SITE], "bench", now())
        registry = GateRegistry(store, pairs)
        for gate in gates:
            key = _key_of(gate).public_key().public_bytes_raw()
            registry.add(gate, SITE, key, key, by="bench")


def _count(payloads: Payloads) -> int:
    return BATCH_EVENTS * sum(map(len, payloads.values()))
