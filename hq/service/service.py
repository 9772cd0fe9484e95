"""The HQ process: receives events, acknowledges them, publishes what changed. One thread besides the connection's.

Where one process is too slow, workers beside it store their share of the events. Only one process publishes.
"""

import threading

import structlog

from hq.config import HqConfig
from hq.database.errors import DatabaseAway
from hq.reports.metrics import HqMetrics
from hq.service.wiring import ServiceParts, wire

log = structlog.get_logger()

POLL_S = 0.1
DATABASE_PAUSE_S = 1.0


class HqService:
    """Runs the parts in turns. `worker`: it only stores its share of the events.

    Raises:
        BadKey, StoreError: from the constructor.
    """

    def __init__(self, config: HqConfig, worker: bool = False) -> None:
        self.parts: ServiceParts = wire(config, worker=worker)
        self._worker = worker

    @property
    def metrics(self) -> HqMetrics:
        """The numbers of this process, for the caller to serve."""
        return self.parts.metrics

    @property
    def connected(self) -> bool:
        return self.parts.link.connected

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        self.start()
        try:
            while not stop.is_set():
                try:
                    self.step(POLL_S)
                except DatabaseAway as error:  # nothing of this turn was acknowledged, all of it is tried again
                    log.error("database_away", detail=str(error), again_in_s=DATABASE_PAUSE_S)
                    stop.wait(DATABASE_PAUSE_S)
        finally:
            self.close()

    def claim(self) -> None:
        """Make sure that no other HQ publishes. May be called twice. Raises AnotherHq."""
        if not self._worker:
            self.parts.only.take()

    def start(self) -> None:
        """Claim the database, read what a newer version stored, then connect. Raises AnotherHq."""
        self.claim()
        if not self._worker:
            self.parts.ingest.read_again()
        self.parts.link.start()

    def step(self, timeout_s: float) -> None:
        """Take one turn: receive, then run every task. Raises AnotherHq if another HQ took over."""
        self.parts.only.check()
        self.parts.inbox.receive(timeout_s)
        for task in self.parts.always:
            task.due()
        if self.parts.link.connected:
            for task in self.parts.connected:
                task.due()

    def close(self) -> None:
        """Disconnect. May be called twice."""
        self.parts.link.close()
        self.parts.only.close()
        self.parts.store.close()
