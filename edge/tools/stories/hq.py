"""Act as HQ in a story, with real keys, signed and sealed lists and signed commands. The gate's own sync code checks
them."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import ValidationError

from contract.code import Code, make
from contract.codec import encode
from contract.messages import (
    Command,
    ListKind,
    PolicySnapshot,
    RiskEntry,
    RiskSnapshot,
    SealedTemplate,
    SnapshotHeader,
    WorkerRecord,
)
from contract.parts import Content, roster_content, write_parts
from contract.signing import sign
from contract.topics import Channel, topic
from edge.app.state_folders import REPLICA
from edge.core.config import SiteConfig
from edge.replica.reader import ReplicaReader
from edge.replica.rollback_guard import RollbackGuard
from edge.replica.writer import ReplicaWriter
from edge.sim import ManualClock
from edge.sync.downlink import Downlink
from edge.sync.incident_log import IncidentLog
from edge.sync.mqtt import Received
from edge.tools.stories.line import StoryError, explain
from edge.tools.stories.played_gate import SentCommand, ShownCode
from edge.tools.stories.story import Story, StoryWorker

Templates = dict[str, Sequence[SealedTemplate]]
_SALT = b"story's own salt"


class Headquarters:
    """Publishes the story's lists and commands; the next publication holds `risks` and `policy`."""

    def __init__(self, story: Story, site: SiteConfig, clock: ManualClock, folder: Path, templates: Templates) -> None:
        self._site, self._clock, self._folder = site, clock, folder
        self._key, self._strange_key = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
        self._site_key = X25519PrivateKey.generate()
        self._workers = {w.id: _record(w, story, site.site_id, templates) for w in story.worker if w.on_roster}
        self.risks, self.policy = dict(story.risk), dict(story.policy)
        self._versions = dict.fromkeys(ListKind, 0)
        self._replica = ReplicaWriter(folder / REPLICA)
        incidents = IncidentLog(self._replica, clock)
        self._sync = Downlink(
            site, hq_key=self._key.public_key(), replica=self._replica, incidents=incidents, now=clock.utc
        )
        if story.lists:
            self.publish_roster(age_h=story.roster_age_h)
            self.publish_risk(age_h=story.risk_age_h)
            self.publish_policy()

    @property
    def sealing_key(self) -> X25519PrivateKey:
        return self._site_key

    def reader(self, guard: RollbackGuard) -> ReplicaReader:
        """Open the lists as the gate process accepts them."""
        return ReplicaReader(self._folder / REPLICA, self._site, self._key.public_key(), self._site_key, guard=guard)

    def change_worker(self, worker_id: str, becomes: dict[str, Any]) -> None:
        """Change a worker on the roster. Raises StoryError for an unknown worker or a wrong value."""
        if worker_id not in self._workers:
            raise StoryError(f"worker {worker_id!r} is not on the roster")
        try:
            changed = self._workers[worker_id].model_dump() | becomes
            self._workers[worker_id] = WorkerRecord.model_validate(changed)
        except ValidationError as error:
            raise StoryError(f"worker {worker_id!r}: {'; '.join(explain(error, WorkerRecord))}") from error

    def publish_roster(self, *, age_h: float = 0, signed: bool = True, version: int | None = None) -> None:
        header = SnapshotHeader(**self._header(ListKind.ROSTER, age_h, version))
        self._publish(ListKind.ROSTER, roster_content(header, tuple(self._workers.values())), signed)

    def publish_risk(self, *, age_h: float = 0, signed: bool = True, version: int | None = None) -> None:
        entries = tuple(RiskEntry(worker_id=who, list_name=name) for who, name in self.risks.items())
        snapshot = RiskSnapshot(**self._header(ListKind.RISK, age_h, version), entries=entries)
        self._publish(ListKind.RISK, Content(snapshot), signed)

    def publish_policy(self, *, signed: bool = True, version: int | None = None) -> None:
        try:
            policy = PolicySnapshot.model_validate(self._header(ListKind.POLICY, 0, version) | self.policy)
        except ValidationError as error:
            raise StoryError(f"policy: {'; '.join(explain(error, PolicySnapshot))}") from error
        self._publish(ListKind.POLICY, Content(policy), signed)

    def command(self, command: SentCommand) -> None:
        message = Command(
            command_id=command.command_id,
            gate_id=command.gate_id or self._site.gate_id,
            action=command.action,
            issued_utc=command.issued_utc,
            expires_utc=command.issued_utc + timedelta(seconds=command.valid_s),
            issued_by=command.issued_by,
            why=command.why,
        )
        self._send(Channel.COMMAND, encode(message), command.signed, command.kept_at_broker)

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def code(self, shown: ShownCode, issued: datetime) -> str:
        """Make the text of a QR code for a worker."""
        site = self._site.site_id if shown.site_id is None else shown.site_id
        code = Code(shown.worker_id, site, issued, issued + timedelta(seconds=shown.valid_s))
        return make(code, self._key if shown.signed else self._strange_key)

    def close(self) -> None:
        self._replica.close()

    def _header(self, kind: ListKind, age_h: float, version: int | None) -> dict[str, Any]:
        number = self._versions[kind] + 1 if version is None else version
        self._versions[kind] = max(number, self._versions[kind])
        issued = self._clock.utc() - timedelta(hours=age_h)
        return {"site_id": self._site.site_id, "list_version": number, "issued_utc": issued}

    def _publish(self, kind: ListKind, content: Content, signed: bool) -> None:
        key = self._key if signed else self._strange_key
        (body,) = write_parts([content], kind, self._site_key.public_key(), key)
        self._sync.handle(Received(topic(Channel(kind.value), self._site.site_id, part=1), body, True))

    def _send(self, channel: Channel, payload: bytes, signed: bool, retained: bool) -> None:
        envelope = sign(payload, channel.value, self._key if signed else self._strange_key)
        self._sync.handle(Received(topic(channel, self._site.site_id, self._site.gate_id), envelope, retained))


def card_hash(site_id: str, number: str) -> str:
    """See `contract.messages.WorkerRecord.cards`."""
    return hashlib.sha256(f"{site_id}\n{number}".encode()).hexdigest()


def pin_hash(pin: str) -> str:
    """See `contract.messages.WorkerRecord.pin`."""
    digest = hashlib.scrypt(pin.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=32)
    return f"{base64.b64encode(_SALT).decode()}${base64.b64encode(digest).decode()}"


def _record(worker: StoryWorker, story: Story, site_id: str, templates: Templates) -> WorkerRecord:
    until = worker.training_valid_until
    ago = worker.declared_h_ago
    return WorkerRecord(
        worker_id=worker.id,
        sites=(site_id,) if worker.sites is None else worker.sites,
        active=worker.active,
        valid_from=worker.valid_from,
        valid_until=worker.valid_until,
        training_valid_until=None if until == "never" else until,
        employer=worker.employer,
        trade=worker.trade,
        declared_utc=None if ago is None else story.starts - timedelta(hours=ago),
        slow=worker.slow,
        cards=() if worker.card is None else (card_hash(site_id, worker.card),),
        pin=None if worker.pin is None else pin_hash(worker.pin),
        consent_ref="consent-1",
        templates=tuple(templates.get(worker.id, ())),
    )
