"""The third figure of `sitegate bench sync`: how long a large roster takes from the broker until the gate goes by it."""

import threading
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.messages import ListKind, SealedTemplate, SnapshotHeader, WorkerRecord
from contract.parts import roster_content, write_parts
from contract.signing import write_key_pair
from contract.topics import ROUTES, Channel, topic
from edge.app.gate import PARTS_PER_REFRESH
from edge.bench_sync import broker, config_for, until
from edge.clock import SystemClock
from edge.config import Config
from edge.journal import Journal, JournalReader
from edge.sync.mqtt import MqttLink, Publication
from edge.sync.roster import ReplicaReader
from edge.sync.service import SyncService

PART_ROWS, TEMPLATES, DIMENSION = 1_000, 2, 128
"""As HQ cuts a roster; two templates each, of the size that the shipped weights make."""
LISTS_EVERY_S = 0.2
"""As the gate's loop asks for news of lists."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`in_force_s`: from connecting until the gate's roster is the new one, its seals opened a few parts at a time as beside a
    running camera (the gallery is built beside that). `bytes_per_worker`: on the wire, without MQTT's own few."""

    workers: int
    in_force_s: float
    bytes_per_worker: float


def snapshot(folder: Path, workers: int) -> Snapshot:
    """A gate that was away connects to a broker that keeps a roster of so many workers. Raises BenchError."""
    signing, site_key = Ed25519PrivateKey.generate(), X25519PrivateKey.generate()
    for name, key in (("hq", signing), ("sealing", X25519PrivateKey.generate()), ("site", site_key)):
        write_key_pair(key, folder / f"{name}.key", folder / f"{name}.pub")
    with broker(folder) as port:
        config = config_for(folder, port)
        parts = _roster(config, workers, signing, site_key)
        Journal(folder / "journal.db", config.site, SystemClock()).close()
        reader = ReplicaReader(folder / "replica.db", config.site, signing.public_key(), site_key)
        with closing(_keep(config, parts)), closing(reader):
            in_force_s = _take(config, folder, reader, workers)
    return Snapshot(workers, in_force_s, sum(map(len, parts)) / workers)


def _take(config: Config, folder: Path, reader: ReplicaReader, workers: int) -> float:
    stop = threading.Event()
    service = SyncService.open(config, JournalReader(folder / "journal.db"), SystemClock(), "bench", JournalReader)
    thread = threading.Thread(target=service.run, args=(stop,), daemon=True)
    reader.parts_per_refresh = PARTS_PER_REFRESH

    def in_force() -> bool:
        time.sleep(LISTS_EVERY_S)
        reader.refresh()
        return len(reader.state.templates) == workers * TEMPLATES

    start = time.perf_counter()
    thread.start()
    try:
        until(in_force, "the roster did not come into force")
        return time.perf_counter() - start
    finally:
        stop.set()
        thread.join()


def _keep(config: Config, parts: list[bytes]) -> MqttLink:
    """Have the broker keep all parts, as HQ would; the link that has handed them over."""
    link = MqttLink(config.sync, "bench-lists", [], Publication("sitegate/bench", b"", 0, False))
    link.start()
    route = ROUTES[Channel.ROSTER]
    for number, body in enumerate(parts, start=1):
        part = Publication(topic(Channel.ROSTER, config.site.site_id, part=number), body, route.qos, route.retain)
        until(partial(link.publish, part), "mosquitto takes no list")
    return link


def _roster(config: Config, workers: int, signing: Ed25519PrivateKey, site: X25519PrivateKey) -> list[bytes]:
    header = SnapshotHeader(site_id=config.site.site_id, list_version=1, issued_utc=datetime.now(UTC))
    random = np.random.default_rng(1)
    contents = []
    for begin in range(0, workers, PART_ROWS):
        count = min(PART_ROWS, workers - begin)
        drawn = random.standard_normal((count, TEMPLATES, DIMENSION), dtype=np.float32)
        vectors = (drawn / np.linalg.norm(drawn, axis=2, keepdims=True)).astype("<f2")
        people = [
            WorkerRecord(
                worker_id=f"w-{begin + place:06}",
                sites=(config.site.site_id,),
                consent_ref="consent",
                templates=tuple(SealedTemplate(model_id="bench", vector=v.tobytes()) for v in two),
            )
            for place, two in enumerate(vectors)
        ]
        contents.append(roster_content(header, people))
    return write_parts(contents, ListKind.ROSTER, site.public_key(), signing)
