"""Simulated gates that receive lists as real ones do: they verify, open, and put into force; with the contract's code.

All of them are clients in one process, with one connection each.
"""

import selectors
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from common.processes import follow_pool
from contract.deltas import open_delta, read_delta
from contract.messages import ListKind, RiskDelta, RiskSnapshot, RosterDelta, RosterSnapshot
from contract.parts import SealedPart, digest_of, open_part, read_part
from contract.signing import Verifier, sealing_privates
from contract.topics import DELTA_CHANNELS, PREFIX, Channel, channel_of
from hq import config as settings
from hq.bench.servers import ServerError
from hq.keys import keys

MEASURED = (ListKind.ROSTER, ListKind.RISK, ListKind.POLICY)
_CHANGES = {channel: kind for kind, channel in DELTA_CHANNELS.items()}
_HOUSEKEEPING_S = 1.0


@dataclass(frozen=True, slots=True)
class ListInForce:
    """A gate put a list into force, at a moment of the machine's monotonic clock.

    `workers`: those that the message names, of changes. `size`: bytes of its messages.
    """

    gate_id: str
    kind: ListKind
    version: int
    workers: frozenset[str]
    size: int
    at_s: float
    changes: bool


@dataclass(slots=True)
class _Held:
    """One list at a gate: what is in force, and the parts of a newer one."""

    base: tuple[int, str] = (0, "")
    version: int = 0
    snapshot: dict[str, object] = field(default_factory=dict)
    of_worker: dict[str, object] = field(default_factory=dict)
    parts: dict[int, SealedPart] = field(default_factory=dict)
    waiting: tuple[int, str] = (0, "")
    size: int = 0
    delta: bytes = b""


class ListeningGate:
    """The lists of one gate. A list counts only whole, with all its parts, and changes only on their own snapshot."""

    def __init__(self, gate_id: str, signer: Verifier, key: X25519PrivateKey) -> None:
        self._gate_id, self._signer, self._key = gate_id, signer, key
        self._held = {kind: _Held() for kind in MEASURED}

    def workers(self, kind: ListKind) -> Mapping[str, object]:
        """Return the entries in force, by worker."""
        return self._held[kind].of_worker

    def take(self, topic: str, payload: bytes) -> list[ListInForce]:
        """Receive a message. Return what it put into force."""
        found = channel_of(topic)
        if found is None or not payload:
            return []
        channel = found[0]
        if channel in _CHANGES:
            kind = _CHANGES[channel]
            return self._take_delta(kind, payload) if kind in MEASURED else []
        if channel in {Channel(kind.value) for kind in MEASURED}:
            return self._take_part(ListKind(channel.value), payload)
        return []

    def _take_part(self, kind: ListKind, payload: bytes) -> list[ListInForce]:
        held, part = self._held[kind], read_part(payload, kind, self._signer)
        header = part.header
        name = header.list_version, header.digest
        if header.list_version <= held.base[0]:
            return []
        if name != held.waiting:
            held.waiting, held.size = name, 0
            held.parts.clear()
        held.parts[header.part], held.size = part, held.size + len(payload)
        if len(held.parts) < header.parts:
            return []
        ordered = [held.parts[number] for number in sorted(held.parts)]
        if digest_of(one.fingerprint for one in ordered) != header.digest:
            raise ServerError(f"{self._gate_id}: the parts of {kind.value} {header.list_version} do not fit together")
        held.snapshot = {}
        for one in ordered:
            held.snapshot.update(_entries(open_part(one, self._key).snapshot))
        held.of_worker = held.snapshot
        held.base, held.version = name, header.list_version
        held.parts.clear()
        done = self._in_force(kind, frozenset(), held.size, changes=False)
        return [done, *(self._take_delta(kind, held.delta) if held.delta else [])]

    def _take_delta(self, kind: ListKind, payload: bytes) -> list[ListInForce]:
        held, delta = self._held[kind], read_delta(payload, kind, self._signer)
        if (delta.header.base_version, delta.header.base_digest) != held.base:
            held.delta = payload  # of a snapshot that is still on its way
            return []
        held.delta = b""
        if delta.header.list_version <= held.version:
            return []
        changed = open_delta(delta, self._key).delta
        assert isinstance(changed, RosterDelta | RiskDelta)
        before, new = held.of_worker, _entries(changed)
        held.of_worker = {who: entry for who, entry in held.snapshot.items() if who not in changed.removed} | new
        held.version = delta.header.list_version
        fresh = {who for who, entry in new.items() if before.get(who) != entry} | set(changed.removed)
        return [self._in_force(kind, frozenset(fresh), len(payload), changes=True)]

    def _in_force(self, kind: ListKind, workers: frozenset[str], size: int, *, changes: bool) -> ListInForce:
        return ListInForce(self._gate_id, kind, self._held[kind].version, workers, size, time.monotonic(), changes)


def listen(pipe: Pipe, folder: Path, gates: Mapping[str, str]) -> None:
    """Run these gates (gate -> site). Send to the pipe: None when all listen, then lists of `ListInForce`."""
    follow_pool()
    broker = settings.load(folder).broker
    pairs = keys.load(folder)
    signer = pairs.signing.public_key()
    site_keys = {site: sealing_privates(keys.private_path(pairs.folder, site))[0] for site in set(gates.values())}
    events: list[ListInForce] = []
    ready: set[str] = set()
    clients = [
        _client(name, site, ListeningGate(name, signer, site_keys[site]), events, ready) for name, site in gates.items()
    ]
    with selectors.DefaultSelector() as waiting:
        for client in clients:
            client.connect(broker.host, broker.port, keepalive=600)
            connected: Any = client.socket()
            waiting.register(connected, selectors.EVENT_READ, client)
        told, housekeeping_s = False, time.monotonic()
        while not pipe.poll():
            for key, _ in waiting.select(0.02):
                key.data.loop_read(100)
            if time.monotonic() > housekeeping_s:
                housekeeping_s = time.monotonic() + _HOUSEKEEPING_S
                for client in clients:
                    client.loop_misc()
            for client in clients:
                if client.want_write():
                    client.loop_write()
            if not told and len(ready) == len(gates):
                told = True
                pipe.send(None)
            if events:
                pipe.send(list(events))
                events.clear()
    for client in clients:
        client.disconnect()


def _client(name: str, site_id: str, gate: ListeningGate, events: list[ListInForce], ready: set[str]) -> Client:
    """Make the client of one gate. It subscribes to the lists of its site, as gates may."""
    client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv5)

    def on_message(_: Client, data: object, message: MQTTMessage) -> None:
        events.extend(gate.take(message.topic, bytes(message.payload)))

    def on_subscribe(*_: object) -> None:
        ready.add(name)

    def on_connect(*_: object) -> None:
        client.subscribe(f"{PREFIX}/{site_id}/list/#", 1)

    client.on_message, client.on_subscribe, client.on_connect = on_message, on_subscribe, on_connect
    return client


def _entries(found: object) -> dict[str, object]:
    """Return what a list or its changes say of each worker."""
    if isinstance(found, RosterSnapshot | RosterDelta):
        return {worker.worker_id: worker for worker in found.workers}
    if isinstance(found, RiskSnapshot | RiskDelta):
        return _together([(entry.worker_id, entry) for entry in found.entries])
    return {}


def _together(rows: Sequence[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, tuple[object, ...]] = {}
    for worker_id, entry in rows:
        found[worker_id] = (*found.get(worker_id, ()), entry)
    return dict(found)
