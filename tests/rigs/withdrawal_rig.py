"""A broker that keeps its messages, HQ and gates, with people who withdraw their consent."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sync_rig import Mosquitto, Rig, Runner, utc, wait_until
from typer.testing import CliRunner

from contract.codec import encode
from contract.keyring import OpeningKeys, TrustedKeys
from contract.messages import (
    EnrolmentEvent,
    EnrolmentRecord,
    ListKind,
    SealedTemplate,
    WorkerRecord,
)
from contract.signing import ENROLMENT, seal
from edge.core.config import Config
from edge.core.domain import LiveState, Tone
from edge.core.layout import JOURNAL, REPLICA
from edge.replica.reader import ReplicaReader
from edge.storage.journal import Journal, JournalReader
from edge.sync.service import SyncService
from hq.cli import app
from hq.database import tables as t
from hq.registry.gates import GateRegistry
from hq.registry.import_file import ImportFile
from hq.reports import receipts
from hq.reports.receipts import Receipt, TemplatePlace

ROSTER = ListKind.ROSTER


def vector(name: str) -> bytes:
    return np.random.default_rng([*name.encode()]).standard_normal(128).astype("<f2").tobytes()


def worker(name: str, consent: str | None = "c-1") -> WorkerRecord:
    templates = (SealedTemplate(model_id="m", vector=vector(name)),) if consent else ()
    return WorkerRecord(worker_id=name, sites=("site-1",), consent_ref=consent, templates=templates)


def files(*folders: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


class GateSide:
    """One gate: its sync process, and of the gate process what it does with lists and journal."""

    def __init__(self, rig: Rig, gate_id: str = "gate-1") -> None:
        self._rig, self.folder = rig, rig.folder / gate_id
        first = gate_id == rig.config.site.gate_id
        self.keys = (
            (rig.gate_key, rig.link_key) if first else (Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate())
        )
        paths = rig.config.paths.model_copy(update={"state_dir": self.folder})
        site = rig.config.site.model_copy(update={"gate_id": gate_id})
        self.config: Config = rig.config.model_copy(update={"paths": paths, "site": site})
        self.journal = Journal(self.folder / JOURNAL, site, rig.clock, key=self.keys[0])
        told = rig.config.keys
        keys = TrustedKeys(told.hq_signing_public_path), OpeningKeys(told.site_private_path)
        self.roster = ReplicaReader(self.folder / REPLICA, site, *keys)
        self.sync: Runner | None = None
        self.silent = False

    def start(self) -> None:
        self.reader = JournalReader(self.folder / JOURNAL)
        clock = self._rig.clock
        opened = SyncService.open(
            self.config, self.reader, clock, software="test", open_reader=JournalReader, key=self.keys[1]
        )
        self.sync = Runner(opened)

    def stop(self) -> None:
        if self.sync is not None:
            self.sync.stop()
            self.reader.close()
            self.sync = None

    def close(self) -> None:
        self.stop()
        self.roster.close()
        self.journal.close()

    def turn(self) -> None:
        """What the gate process does between two frames."""
        self.journal.sign()
        self.roster.refresh()
        for ack in self.roster.acks():
            self.journal.erase_sealed(ack.seq)
        if not self.silent:
            live = LiveState(utc=utc(), direction="in", gate_state="locked", tone=Tone.IDLE)
            self.journal.set_live(live.model_copy(update={"roster_base": self.roster.state.roster_base}))

    @property
    def who(self) -> set[str]:
        return {who for who, _ in self.roster.state.templates}


class World:
    gate_type: type[GateSide] = GateSide

    def __init__(self, rig: Rig) -> None:
        self.rig, self.store = rig, rig.store()
        self.gates: list[GateSide] = []
        self.people = rig.people(self.store)
        self.publisher = rig.publisher(self.store)
        self.people.take(ImportFile(workers=(worker("w-1"), worker("w-2"), worker("w-3"))))

    def gate(self, name: str = "gate-1") -> GateSide:
        self.gates.append(self.gate_type(self.rig, name))
        halves = (key.public_key().public_bytes_raw() for key in self.gates[-1].keys)
        GateRegistry(self.store, self.rig.keys).add(name, "site-1", *halves, by="test")
        self.gates[-1].start()
        return self.gates[-1]

    def publish(self, snapshot: bool = False) -> None:
        self.publisher.publish("site-1", ROSTER, snapshot)

    def wait(self, true: object, what: str) -> None:
        def turned() -> object:
            for gate in self.gates:
                gate.turn()
            return true()  # type: ignore[operator]

        wait_until(turned, what)

    def withdraw(self, *names: str) -> str:
        done = CliRunner().invoke(
            app, ["consent", "withdraw", *names, "--by", "office-3", "-d", str(self.rig.hq_folder)]
        )
        assert done.exit_code == 0, done.output
        return done.output

    def receipts(self, name: str = "w-1") -> dict[str, Receipt]:
        return {found.gate_id: found for found in receipts.receipts(self.store, name)[::-1]}

    def held(self, name: str = "w-1") -> dict[str, TemplatePlace]:
        return {gate: found.held for gate, found in self.receipts(name).items()}

    def told(self) -> set[str]:
        """Gates that told which roster is in their memory."""
        with self.store.read() as db:
            return {row.gate_id for row in db.execute(select(t.gate_lists)) if row.used_version}

    def kept_bytes(self) -> list[bytes]:
        """Everything that HQ has published and the broker is to keep: the seals a template lies in."""
        return [part.body[64:] for part in self.publisher.kept("site-1", ROSTER) if part.body]

    def close(self) -> None:
        for gate in self.gates:
            gate.close()


@pytest.fixture
def persistent(tmp_path: Path) -> Iterator[Mosquitto]:
    (tmp_path / "broker").mkdir()
    kept = f"persistence true\npersistence_location {tmp_path}/broker/\nautosave_interval 1"
    running = Mosquitto(tmp_path, persistence=kept)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def world(tmp_path: Path, persistent: Mosquitto) -> Iterator[World]:
    rig = Rig(tmp_path, persistent.port)
    made = World(rig)
    yield made
    made.close()
    rig.close()


def enrol(world: World, gate: GateSide, name: str, secret: str, consent: str = "c-1") -> bytes:
    """An enrolment at the gate; what it is sealed in."""
    record = EnrolmentRecord(
        worker_id=name,
        consent_ref=consent,
        captured_utc=utc(),
        templates=(SealedTemplate(model_id="m", vector=vector(secret)),),
    )
    sealed = seal(encode(record), ENROLMENT, world.rig.keys.sealing.public_key())
    told = {"worker_id": name, "consent_ref": consent, "model_id": "m", "sealed_record": sealed}
    gate.journal.append(EnrolmentEvent, **told)
    return sealed
