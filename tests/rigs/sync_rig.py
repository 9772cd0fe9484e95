"""A real broker, a real HQ and a real gate side, each to be started, killed and started again."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from sqlalchemy import Connection

from contract.identity import head, sign_head
from contract.keyring import OpeningKeys, TrustedKeys
from contract.messages import Event, EventBatch, NoticeCode, NoticeEvent
from contract.signing import read_signing_private
from edge.app.state_folders import gate_key_files, link_key_files
from edge.core.config import Config, parse
from edge.replica.reader import ReplicaReader
from edge.storage.journal import Journal, JournalReader
from edge.sync.service import SyncService
from edge.system.clock import SystemClock
from edge.system.gate_keys import open_key
from hq import config as hq_config
from hq.database.store import Store
from hq.database.values import JournalKey
from hq.ingest.ingest import Ingest
from hq.ingest.senders import SenderCheck
from hq.keys import keys
from hq.keys.keys import HqKeys
from hq.lists.command_queue import CommandQueue
from hq.lists.publisher import Publisher
from hq.registry.approvals import Approvals
from hq.registry.gates import GateRegistry, registrations
from hq.registry.people import PeopleRegistry
from hq.registry.sites import open_store
from hq.reports import report
from hq.service import HqService

E = TypeVar("E", bound=Event)


def wait_until(true: Callable[[], object], what: str, timeout_s: float = 30) -> None:
    until = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < until, f"never happened: {what}"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """The real broker on a port of its own; `kill` is kill -9."""

    def __init__(
        self, folder: Path, extra: str = "allow_anonymous true", persistence: str = "persistence false"
    ) -> None:
        self.port = free_port()
        self._config = folder / "mosquitto.conf"
        user = "user root\n" if os.getuid() == 0 else ""
        self._config.write_text(f"listener {self.port} 127.0.0.1\n{user}{persistence}\n{extra}\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._process = subprocess.Popen([program, "-c", str(self._config)], stderr=subprocess.DEVNULL)
        wait_until(self._listens, "mosquitto listens")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 0.5).close()
        except OSError:
            return False
        return True


class Stranger:
    """Some other client of the broker: an attacker, or a witness."""

    def __init__(self, port: int) -> None:
        self.seen: list[tuple[str, bytes, bool]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        seen = self.seen
        self._client.on_message = lambda c, d, m: seen.append((m.topic, bytes(m.payload), m.retain))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def subscribe(self, topic: str) -> None:
        self._client.subscribe(topic, 1)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        self._client.publish(topic, payload, 1, retain).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Runner:
    """A service in a thread of its own, stopped in the orderly way."""

    def __init__(self, service: SyncService | HqService) -> None:
        self.service = service
        self.failure: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()
        assert self.failure is None, self.failure

    def _run(self) -> None:
        try:
            self.service.run(self._stop)
        except BaseException as error:  # noqa: BLE001 - shown by stop()
            self.failure = error


def ingest_of(store: Store, folder: Path) -> Ingest:
    """HQ's ingest alone, with keys of its own in the folder; it takes gates that are not registered, as of before
    1.3."""
    keys.init(folder / "ingest", ("site-1",), 1883)
    return open_ingest(store, keys.load(folder / "ingest"))


class Trusting(Approvals):
    """Lets what any gate enrols count at once, registered or not."""

    def _trusts(self, db: Connection, key: JournalKey) -> bool:
        return True


def open_ingest(store: Store, pairs: HqKeys) -> Ingest:
    """HQ's ingest, which also takes gates that are not registered, and trusts what they enrol."""
    return Ingest(store, Trusting(store, PeopleRegistry(store, pairs), pairs), SenderCheck(utc() + timedelta(days=1)))


class SignedJournal(Journal):
    """A journal whose gate ends a turn after each event."""

    def append(self, kind: type[E], /, *, ref: str | None = None, **fields: object) -> E:
        event = super().append(kind, ref=ref, **fields)
        self.sign()
        return event


class Rig:
    """One site with one gate, and HQ; nothing runs until asked."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.hq_folder = folder / "hq"
        keys.init(self.hq_folder, ("site-1", "site-2"), port)
        self.keys = keys.load(self.hq_folder)
        self.signing = read_signing_private(self.hq_folder / "keys/hq-signing.key.pem")
        self.config = self.gate_config()
        self.clock = SystemClock()
        self.gate_key = open_key(*gate_key_files(self.config))
        self.link_key = open_key(*link_key_files(self.config))
        self._runners: list[Runner] = []
        self._open: list[Journal | JournalReader | ReplicaReader | Store] = []

    def gate_config(self, **sync: object) -> Config:
        hq, state = self.hq_folder / "keys", self.folder / "gate"
        return parse(
            {
                "paths": {"state_dir": str(state)},
                "keys": {
                    "hq_signing_public_path": str(hq / "hq-signing.pub.pem"),
                    "hq_sealing_public_path": str(hq / "hq-sealing.pub.pem"),
                    "site_private_path": str(hq / "sites" / "site-1.key.pem"),
                },
                "sync": {
                    "broker_host": "127.0.0.1",
                    "broker_port": self.port,
                    "tls": False,
                    "backoff_min_s": 0.1,
                    "backoff_max_s": 1,
                    "ack_timeout_s": 2,
                    "batch_events": 10,
                    "window_batches": 3,
                    "health_every_s": 1,
                    **sync,
                },
            }
        )

    @property
    def state_dir(self) -> Path:
        return self.config.paths.state_dir

    def journal(self) -> Journal:
        journal = SignedJournal(self.state_dir / "gate/journal.db", self.config.site, self.clock, key=self.gate_key)
        self._open.append(journal)
        return journal

    def sync(self, config: Config | None = None) -> Runner:
        journal = JournalReader(self.state_dir / "gate/journal.db")
        self._open.append(journal)
        service = SyncService.open(
            config or self.config, journal, self.clock, software="test", open_reader=JournalReader, key=self.link_key
        )
        return self._runs(service)

    def register(self, gate_id: str = "gate-1", site_id: str = "site-1") -> None:
        """Let HQ know the keys of this gate, unless it knows the gate already."""
        with closing(open_store(hq_config.load(self.hq_folder), self.keys)) as store:
            with store.read() as db:
                known = registrations(db, gate_id)
            if not known:
                keys = (key.public_key().public_bytes_raw() for key in (self.gate_key, self.link_key))
                GateRegistry(store, self.keys).add(gate_id, site_id, *keys, by="test")

    def take_unsigned(self) -> None:
        """HQ takes gates of before version 1.3, too."""
        settings = self.hq_folder / "hq.toml"
        until = f"take_unsigned_until = {utc() + timedelta(days=1):%Y-%m-%d}"
        settings.write_text(settings.read_text().replace("[gates]", f"[gates]\n{until}", 1))

    def ingest(self, store: Store) -> Ingest:
        """See `open_ingest`."""
        return open_ingest(store, self.keys)

    def publish_at_once(self) -> None:
        """HQ waits for no further changes before it publishes some."""
        self._publish_after(0)

    def publish_later(self) -> None:
        """HQ publishes changes by itself only in an hour; a changed or missing risk list at once, as always."""
        self._publish_after(3600)

    def sign_batch(self, batch: EventBatch) -> EventBatch:
        """As the gate process signs it, with any content."""
        last = batch.records[-1]
        signed = sign_head(head(batch.site_id, batch.gate_id, batch.epoch, last.seq, last.hash), self.gate_key)
        return batch.model_copy(
            update={"records": (*batch.records[:-1], last.model_copy(update={"signature": signed}))}
        )

    def hq(self, worker: bool = False, *, known: bool = True) -> Runner:
        """Which trusts what gates enrol. `known`: this gate is registered."""
        settings = self.hq_folder / "hq.toml"
        settings.write_text(settings.read_text().replace('# site-1 = "trust"', 'site-1 = "trust"'))
        if known:
            self.register()
        return self._runs(HqService(hq_config.load(self.hq_folder), worker))

    def roster(self) -> ReplicaReader:
        config = self.config.keys
        reader = ReplicaReader(
            self.state_dir / "sync/replica.db",
            self.config.site,
            TrustedKeys(config.hq_signing_public_path),
            OpeningKeys(config.site_private_path),
        )
        self._open.append(reader)
        return reader

    def let_go_of_the_journal(self) -> None:
        """Close the readers; each opens it again when needed."""
        for part in self._open:
            if isinstance(part, JournalReader):
                part.close()

    def store(self) -> Store:
        store = open_store(hq_config.load(self.hq_folder), self.keys)
        self._open.append(store)
        return store

    def people(self, store: Store) -> PeopleRegistry:
        return PeopleRegistry(store, self.keys)

    def publisher(self, store: Store) -> Publisher:
        return Publisher(store, self.people(store), self.keys)

    def commands(self, store: Store) -> CommandQueue:
        """HQ's commands for gates."""
        return CommandQueue(store, self.keys)

    def holds(self, store: Store, count: int) -> bool:
        """True if HQ holds exactly so many events in all, every chain verified."""
        verdicts = report.verdicts(store)
        return sum(v.held for v in verdicts) == count and all(v.ok for v in verdicts)

    def close(self) -> None:
        """Stop and close everything, also after one part that failed: what stays open fails another test."""
        with ExitStack() as last:
            for opened in reversed(self._open):
                last.callback(opened.close)
            for runner in reversed(self._runners):
                last.callback(runner.stop)

    def _publish_after(self, pause_s: int) -> None:
        settings = self.hq_folder / "hq.toml"
        settings.write_text(settings.read_text().replace("[lists]", f"[lists]\npublish_after_s = {pause_s}", 1))

    def _runs(self, service: SyncService | HqService) -> Runner:
        runner = Runner(service)
        self._runners.append(runner)
        return runner


def note(journal: Journal, count: int, detail: str = "") -> None:
    for number in range(count):
        journal.append(NoticeEvent, code=NoticeCode.TAMPER, detail=f"{detail}{number}")


def utc() -> datetime:
    return datetime.now(UTC)
