"""Measure how soon the matcher sees a change of a large roster, and its cost on the wire.

Real parts from the broker on. HQ's message is published to it. The sync side stores it in replica.db, and the gate's
reader checks and opens it. The matcher's gallery follows, beside a loop that checks for news as often as the gate's.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from contract.deltas import Base
from contract.messages import ListKind
from contract.parts import read_part
from contract.topics import DELTA_CHANNELS, ROUTES, Channel, topic
from edge.app.gate import PARTS_PER_REFRESH
from edge.app.prepared_roster import PreparedRoster
from edge.core.config import Config, MatcherConfig
from edge.matcher import FaceMatcher, load_manifest
from edge.replica.reader import ReplicaReader
from edge.replica.writer import ReplicaWriter
from edge.sync.downlink import Downlink, missing_parts, subscriptions
from edge.sync.incident_log import IncidentLog
from edge.sync.mqtt import MqttLink, Publication
from edge.system.clock import SystemClock
from edge.tools.bench.errors import BenchError
from edge.tools.bench.events import broker, config_for
from edge.tools.bench.synthetic_people import DIMENSION, MODEL, TEMPLATES, BenchPeople

LISTS_EVERY_S = 0.2
"""The interval at which the gate's loop checks for new lists."""
TURNS = 3
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class DeltaCost:
    """`visible_s`: from publishing until the matcher searches the new gallery, one number per turn.

    `longest_call_s`: the longest time that one call for lists blocked the loop. Bytes as HQ signed them, without MQTT's
    own few.
    """

    workers: int
    changed: int
    visible_s: tuple[float, ...]
    longest_call_s: float
    snapshot_bytes: int
    delta_bytes: int
    unchanged_bytes: int


class _Gate:
    """Runs sync and gate side of one replica.db; `_turn` does what is due on both."""

    def __init__(self, folder: Path, config: Config, people: BenchPeople, dimension: int) -> None:
        self._config, clock = config, SystemClock()
        self._replica = ReplicaWriter(folder / "replica.db")
        incidents = IncidentLog(self._replica, clock)
        self._downlink = Downlink(
            config.site, hq_key=people.signing.public_key(), replica=self._replica, incidents=incidents, now=clock.utc
        )
        self._link = MqttLink(config.sync, "bench-delta", subscriptions(config.site))
        self._asked: set[tuple[str, int]] = set()
        reader = ReplicaReader(folder / "replica.db", config.site, people.signing.public_key(), people.site)
        reader.parts_per_refresh = PARTS_PER_REFRESH
        tail = next(iter(load_manifest().packs.values())).impostor_tail
        pack = SimpleNamespace(embedder=SimpleNamespace(dimension=dimension), impostor_tail=tail)
        engine = cast(Any, SimpleNamespace(model_id=MODEL, pack=pack))  # no frame is processed here
        self.matcher = FaceMatcher(engine, MatcherConfig())
        self.roster, self._reader = PreparedRoster(reader, self.matcher.prepare), reader
        self._loaded: object = None
        self._lists_due_s = self.longest_call_s = 0.0
        self._link.start()

    def publish(self, channel: Channel, body: bytes, part: int | None = None) -> None:
        name = topic(channel, self._config.site.site_id, part=part)
        message = Publication(name, body, ROUTES[channel].qos, ROUTES[channel].retain)
        self.until(lambda: self._link.publish(message), "the broker takes no message")

    def until(self, true: Callable[[], object], what: str) -> None:
        give_up_s = time.monotonic() + PATIENCE_S
        while not true():
            if time.monotonic() > give_up_s:
                raise BenchError(what)
            self._turn()

    def close(self) -> None:
        self._link.close()
        self._reader.close()
        self._replica.close()

    def _turn(self) -> None:
        received = self._link.receive(0.005)
        if received is not None:
            self._downlink.handle(received)
            wanted = set(missing_parts(self._config.site, self._replica)) - self._asked
            if wanted and self._link.subscribe(sorted(wanted)):
                self._asked |= wanted
        if time.monotonic() < self._lists_due_s:
            return
        self._lists_due_s = time.monotonic() + LISTS_EVERY_S
        start = time.perf_counter()
        self.roster.refresh()
        if self.roster.state.templates is not self._loaded:
            self._loaded = self.roster.state.templates
            self.matcher.load(self.roster.state.templates)
        self.longest_call_s = max(self.longest_call_s, time.perf_counter() - start)


def changes(folder: Path, workers: int, changed: int = 100) -> DeltaCost:
    """Run `measure` with a broker of its own. Raises BenchError."""
    with broker(folder) as port:
        return measure(folder, config_for(folder, port), workers, changed)


def measure(
    folder: Path,
    config: Config,
    workers: int = 50_000,
    changed: int = 100,
    templates: int = TEMPLATES,
    dimension: int = DIMENSION,
) -> DeltaCost:
    """Publish a roster, then change some of its workers TURNS times.

    `config`: names the site and a running broker without lists; `folder`: for replica.db.

    Raises:
        BenchError: something did not arrive.
    """
    people = BenchPeople(workers, templates, dimension, config.site.site_id)
    parts = people.snapshot()
    header = read_part(parts[0], ListKind.ROSTER, people.signing.public_key()).header
    base = Base(header.list_version, header.digest)
    gate = _Gate(folder, config, people, dimension)
    try:
        for number, body in enumerate(parts, start=1):
            gate.publish(Channel.ROSTER, body, number)
        gate.until(lambda: gate.matcher.gallery_size == workers * templates, "the snapshot did not come into force")
        gate.longest_call_s, visible, size = 0.0, [], 0
        for turn in range(TURNS):
            names = people.names[turn :: max(1, workers // changed)][:changed]
            body, face = people.delta(2 + turn, base, names)
            size = len(body)
            start = time.perf_counter()
            gate.publish(DELTA_CHANNELS[ListKind.ROSTER], body)
            gate.until(partial(_found, gate, names[0], face), "the change did not become visible")
            visible.append(time.perf_counter() - start)
        unchanged, _ = people.delta(99, base, ())
        held_up = gate.longest_call_s
    finally:
        gate.close()
    return DeltaCost(workers, len(names), tuple(visible), held_up, sum(map(len, parts)), size, len(unchanged))


def _found(gate: _Gate, worker_id: str, face: np.ndarray[Any, Any]) -> bool:
    """True if the new face is the best match of its worker, and near."""
    best = gate.matcher.search(face)
    return best is not None and best.worker_id == worker_id and best.score > 0.9
