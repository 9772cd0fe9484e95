"""`sitegate bench sync`: the speed of events onto this disk, and to a broker on this machine.

Each figure stands beside a bare one taken in the same run: SQLite without us, MQTT without the journal.
"""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from common.processes import Processes
from contract.codec import decode, encode
from contract.messages import AccessEvent, Ack, Advice, Direction, EventBatch, Reason
from contract.signing import sign, write_key_pair
from contract.topics import ROUTES, Channel, topic
from edge.core.config import Config, SyncConfig, parse
from edge.core.layout import JOURNAL
from edge.storage import sqlite_file
from edge.storage.journal import Journal, JournalReader
from edge.sync.mqtt import MqttLink, Publication
from edge.sync.service import SyncService
from edge.system.clock import SystemClock
from edge.tools.bench.errors import BenchError

TURNS = 5
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Rates:
    """Events per second: ours, the bare one of the same run, and their ratio."""

    name: str
    ours: float
    bare: float

    @property
    def ratio(self) -> float:
        return self.ours / self.bare


def append(folder: Path, events: int) -> Rates:
    """Measure events on disk (fsync each), in turns with one INSERT per transaction into an empty table there."""
    journal = Journal(folder / "append.db", Config().site, SystemClock(), key=Ed25519PrivateKey.generate())
    raw = sqlite_file.connect(folder / "raw.db")
    raw.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, body TEXT)")
    body = _append(journal).model_dump_json()
    ours = bare = 0.0
    for _turn in range(TURNS):
        start = time.perf_counter()
        for _ in range(events // TURNS):
            _append(journal)
        middle = time.perf_counter()
        for _ in range(events // TURNS):
            raw.execute("BEGIN IMMEDIATE")
            raw.execute("INSERT INTO events (body) VALUES (?)", (body,))
            raw.execute("COMMIT")
        ours, bare = ours + middle - start, bare + time.perf_counter() - middle
    journal.close()
    raw.close()
    return Rates("append with fsync", events / ours, events / bare)


def drain(folder: Path, events: int) -> list[Rates]:
    """Send a queue of `events` from the journal through mosquitto until acknowledged.

    Compared with a bare publisher (QoS 1) of one event per message, and of the same batches.

    Raises:
        BenchError: mosquitto is missing, or it did not work.
    """
    signing, site_key = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    for name, key in (("hq", signing), ("sealing", X25519PrivateKey.generate()), ("site", site_key)):
        write_key_pair(key, folder / f"{name}.key", folder / f"{name}.pub")
    with broker(folder) as port:
        config = config_for(folder, port)
        _fill(folder / JOURNAL, config, events)
        with closing(Answerer(config, signing)) as answerer:
            ours = _drain(config, folder, answerer, events)
            batches = list(answerer.payloads)
            bodies = [r.body.encode() for batch in batches for r in decode(EventBatch, batch).records][:events]
            one_by_one = _bare(config, answerer, bodies, events)
            batched = _bare(config, answerer, batches, events)
    return [
        Rates("drain to mosquitto, against one event per message", ours, one_by_one),
        Rates("drain to mosquitto, against the same batches", ours, batched),
    ]


class Answerer:
    """Acts as HQ: takes batches from the broker, and signs an acknowledgement of each."""

    def __init__(self, config: Config, signing: Ed25519PrivateKey) -> None:
        self._config, self._signing = config, signing
        self.seq = self.batches = 0
        self.payloads: list[bytes] = []
        self.answers = True
        where = topic(Channel.EVENTS, config.site.site_id, config.site.gate_id)
        self._link = MqttLink(config.sync, "bench-hq", [(where, 1)])
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._link.start()
        self._thread.start()
        until(lambda: self._link.state.connected, "no connection to mosquitto")

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._link.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            received = self._link.receive(0.05)
            if received is None:
                continue
            self.batches += 1
            if self.answers:
                self.payloads.append(received.payload)
                self._answer(decode(EventBatch, received.payload))

    def _answer(self, batch: EventBatch) -> None:
        self.seq = max(self.seq, batch.records[-1].seq)
        ack = Ack(gate_id=batch.gate_id, epoch=batch.epoch, seq=self.seq, utc=SystemClock().utc())
        route, name = ROUTES[Channel.ACK], topic(Channel.ACK, batch.site_id, batch.gate_id)
        envelope = sign(encode(ack), Channel.ACK.value, self._signing)
        self._link.publish(Publication(name, envelope, route.qos, route.retain))


def _drain(config: Config, folder: Path, answerer: Answerer, events: int) -> float:
    stop = threading.Event()
    service = SyncService.open(
        config, JournalReader(folder / JOURNAL), SystemClock(), software="bench", open_reader=JournalReader
    )
    thread = threading.Thread(target=service.run, args=(stop,), daemon=True)
    start = time.perf_counter()
    thread.start()
    until(lambda: answerer.seq >= events, "the queue did not drain")
    taken = time.perf_counter() - start
    stop.set()
    thread.join()
    return events / taken


def _bare(config: Config, answerer: Answerer, payloads: list[bytes], events: int) -> float:
    """Publish payloads as fast as the client takes them, until the last has arrived. Returns events per second."""
    answerer.answers, wanted = False, answerer.batches + len(payloads)
    link = MqttLink(config.sync, "bench-bare", [])
    link.start()
    until(lambda: link.state.connected, "no connection to mosquitto")
    name = topic(Channel.EVENTS, config.site.site_id, config.site.gate_id)
    start = time.perf_counter()
    for payload in payloads:
        while not link.publish(Publication(name, payload, 1, False)):
            time.sleep(0.001)
    until(lambda: answerer.batches >= wanted, "the bare batches did not arrive")
    taken = time.perf_counter() - start
    link.close()
    return events / taken


def _fill(path: Path, config: Config, events: int) -> None:
    """Fill a journal. Not part of any figure, so it does not wait for the disk."""
    journal = Journal(path, config.site, SystemClock(), synchronous="OFF", key=Ed25519PrivateKey.generate())
    for _ in range(events):
        _append(journal)
    journal.close()


def _append(journal: Journal) -> AccessEvent:
    return journal.append(
        AccessEvent,
        reason=Reason.GRANTED,
        granted=True,
        advice=Advice.WALK_THROUGH,
        direction=Direction.IN,
        worker_id="w-12345",
        score=0.7123,
        threshold=0.4375,
        frames=3,
        model_id="opencv-zoo/sface-2021dec/3761f7a3/m2",
    )


def config_for(folder: Path, port: int) -> Config:
    keys = {
        "hq_signing_public_path": str(folder / "hq.pub"),
        "hq_sealing_public_path": str(folder / "sealing.pub"),
        "site_private_path": str(folder / "site.key"),
    }
    sync = {"broker_host": "127.0.0.1", "broker_port": port, "tls": False}
    defaults = SyncConfig(tls=False)
    sync |= {"batch_events": defaults.batch_events, "window_batches": defaults.window_batches}
    return parse({"paths": {"state_dir": str(folder)}, "keys": keys, "sync": sync})


@contextmanager
def broker(folder: Path) -> Iterator[int]:
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        raise BenchError("mosquitto is not installed; run: apt install mosquitto")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    settings = folder / "mosquitto.conf"
    settings.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nuser root\n"
    )
    with Processes() as processes:
        processes.start("mosquitto", [program, "-c", str(settings)], foreign=True, stderr=subprocess.DEVNULL)
        until(lambda: _listens(port), "mosquitto did not start")
        yield port


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True


def until(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > until:
            raise BenchError(what)
        time.sleep(0.01)
