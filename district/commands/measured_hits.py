"""How soon a hit that is put in force stands at gates: an HQ and simulated gates run meanwhile."""

import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from district.commands.measured_pages import percentile
from district.wire.measured import MeasuredGates, measured_hq

LATE_S = 60.0
"""So long the gates are waited for after the last hit."""


@dataclass
class HitWatch:
    """Hits that gates do not hold yet, and how long those took that they do."""

    gates_of: Mapping[str, frozenset[str]]
    """Site id -> its gates."""
    waiting: dict[tuple[str, str], float] = field(default_factory=dict)
    """Worker and gate -> when the hit was put in force."""
    took: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tell_hq(self, workers: Sequence[str]) -> None:
        """Give HQ the workers: it knows nobody yet."""
        from district.exchange.models import OutboxRow
        from district.exchange.outbox import put_all

        put_all(OutboxRow.Kind.WORKER, workers)
        until_s = time.monotonic() + LATE_S
        while OutboxRow.objects.filter(done=None, refusal="", subject__in=workers).exists():
            if time.monotonic() > until_s:
                raise RuntimeError("HQ does not take the workers")
            time.sleep(0.2)

    def expect(self, sites: Mapping[str, Iterable[str]], begun_s: float) -> None:
        """Wait for workers at the gates of their sites."""
        with self.lock:
            for worker_id, names in sites.items():
                for gate_id in {gate for name in names for gate in self.gates_of.get(name, ())}:
                    self.waiting[worker_id, gate_id] = begun_s

    def note(self, gate_id: str, workers: frozenset[str] | None, at_s: float) -> None:
        """Note what a gate put into force. `workers`: None of a whole list."""
        with self.lock:
            for worker_id, gate in [one for one in self.waiting if one[1] == gate_id]:
                begun_s = self.waiting[worker_id, gate]
                if at_s > begun_s and (workers is None or worker_id in workers):
                    self.took.append(at_s - begun_s)
                    del self.waiting[worker_id, gate]

    def figures(self) -> dict[str, Any]:
        """Return how many reached a gate, their times in seconds, and how many did not."""
        found = {"at_gates": len(self.took), "not_at_gates": len(self.waiting)}
        return found | {
            name: round(percentile(self.took, share), 2) if self.took else None
            for name, share in (("p50_s", 0.5), ("p95_s", 0.95), ("longest_s", 1.0))
        }


@contextmanager
def watched_hits() -> Iterator[HitWatch]:
    """Run HQ with a gate for each site, and hand the outbox over as the worker does."""
    from django.conf import settings

    from district.exchange.door import close_hq_door
    from district.places.models import Gate

    rows = Gate.objects.filter(retired=None).order_by("pk").values_list("gate_id", "project__site_id")
    first = {site: gate for gate, site in reversed(list(rows))}
    watch = HitWatch({site: frozenset({gate}) for site, gate in first.items()})
    sites = {gate: site for site, gate in first.items()}
    with tempfile.TemporaryDirectory(prefix="hits-") as name, measured_hq(Path(name), sites) as gates:
        settings.HQ_FOLDER = Path(name)
        stop = threading.Event()
        threads = [
            threading.Thread(target=_hand_over, args=(stop,)),
            threading.Thread(target=_receive, args=(stop, gates, watch)),
        ]
        for thread in threads:
            thread.start()
        try:
            yield watch
            until_s = time.monotonic() + LATE_S
            while watch.waiting and time.monotonic() < until_s:
                time.sleep(0.2)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            close_hq_door()


def _hand_over(stop: threading.Event) -> None:
    from django.db import connection

    from district.exchange.hand_over import hand_over
    from district.exchange.worker import PAUSE_S

    while not stop.is_set():
        if not hand_over():
            stop.wait(PAUSE_S)
    connection.close()


def _receive(stop: threading.Event, gates: MeasuredGates, watch: HitWatch) -> None:
    while not stop.is_set():
        for gate_id, workers, at_s in gates.risks(0.2):
            watch.note(gate_id, workers, at_s)
