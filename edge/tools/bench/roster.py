"""The third figure of `sitegate bench sync`: a large roster's time from the broker to its use at the gate."""

import threading
import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.signing import write_key_pair
from contract.topics import ROUTES, Channel, topic
from edge.app.gate import PARTS_PER_REFRESH
from edge.core.config import Config
from edge.core.layout import JOURNAL, REPLICA
from edge.replica.reader import ReplicaReader
from edge.storage.journal import Journal, JournalReader
from edge.sync.mqtt import MqttLink, Publication
from edge.sync.service import SyncService
from edge.system.clock import SystemClock
from edge.tools.bench.events import broker, config_for, until
from edge.tools.bench.synthetic_people import DIMENSION, TEMPLATES, BenchPeople

LISTS_EVERY_S = 0.2
"""The interval at which the gate's loop checks for new lists."""


@dataclass(frozen=True, slots=True)
class RosterTiming:
    """`in_force_s`: from connecting until the gate's roster is the new one.

    Seals are opened a few parts at a time, as beside a running camera; the gallery is built in parallel.
    `bytes_per_worker`: on the wire, without MQTT's own few.
    """

    workers: int
    in_force_s: float
    bytes_per_worker: float


def snapshot(folder: Path, workers: int) -> RosterTiming:
    """Connect a gate that was away to a broker that keeps a roster of this many workers. Raises BenchError."""
    people = BenchPeople(workers, TEMPLATES, DIMENSION, Config().site.site_id)
    for name, key in (("hq", people.signing), ("sealing", X25519PrivateKey.generate()), ("site", people.site)):
        write_key_pair(key, folder / f"{name}.key", folder / f"{name}.pub")
    with broker(folder) as port:
        config = config_for(folder, port)
        parts = people.snapshot()
        Journal(folder / JOURNAL, config.site, SystemClock()).close()
        reader = ReplicaReader(folder / REPLICA, config.site, people.signing.public_key(), people.site)
        with closing(_keep(config, parts)), closing(reader):
            in_force_s = _take(config, folder, reader, workers)
    return RosterTiming(workers, in_force_s, sum(map(len, parts)) / workers)


def _take(config: Config, folder: Path, reader: ReplicaReader, workers: int) -> float:
    stop = threading.Event()
    service = SyncService.open(
        config, JournalReader(folder / JOURNAL), SystemClock(), software="bench", open_reader=JournalReader
    )
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
    """Have the broker keep all parts, as HQ would. Returns the link that delivered them."""
    link = MqttLink(config.sync, "bench-lists", [])
    link.start()
    route = ROUTES[Channel.ROSTER]
    for number, body in enumerate(parts, start=1):
        part = Publication(topic(Channel.ROSTER, config.site.site_id, part=number), body, route.qos, route.retain)
        until(partial(link.publish, part), "mosquitto takes no list")
    return link
