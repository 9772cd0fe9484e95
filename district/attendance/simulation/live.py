"""Let events flow in as a district's gates send them: through the handlers of the feed, in their transactions."""

import json
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, cycle
from typing import Any

from django.db import transaction
from django.utils import timezone

from district.attendance.models import Stay
from district.attendance.models.projections import INSIDE
from district.exchange.rounds import registered_handlers
from district.places.models import Gate

POLL_S = 0.5
"""A worker asks HQ this often."""
_PEOPLE = 20_000


@dataclass(frozen=True)
class LiveEntry:
    """A feed entry, as HQ gives it."""

    seq: int
    site_id: str
    gate_id: str
    line: str
    worker_id: str
    utc: datetime
    inwards: bool
    kind: str = "event"
    type: str = "passage"
    corrected_utc: datetime | None = None
    why: str = ""
    last_seq: int = 0

    @property
    def received_utc(self) -> datetime:
        """Return when HQ received it."""
        return self.utc + timedelta(seconds=1)

    @property
    def body(self) -> str:
        """Return the event."""
        direction = "in" if self.inwards else "out"
        return json.dumps({"outcome": "passed", "direction": direction, "clock_trusted": True})


def live_entries() -> Iterator[LiveEntry]:
    """Yield events of now, without end: people leave, and the same people come back."""
    gates = dict(Gate.objects.order_by("-pk").values_list("project", "gate_id"))
    line, seqs = f"measured-{time.time_ns()}", count(1)
    rows = Stay.objects.filter(INSIDE).order_by("?").values_list("project", "project__site_id", "person__worker_id")
    people = list(rows[:_PEOPLE])
    for inwards in cycle((False, True)):
        for project, site, worker in people:
            yield LiveEntry(next(seqs), site, gates[project], line, worker, timezone.now(), inwards)


def flow(rate: float, seconds: float) -> dict[str, Any]:
    """Take so many events a second for so long. Return what the pages of events took."""
    entries, took, taken = live_entries(), list[float](), 0
    handlers: Any = registered_handlers()
    begun_s, begun_cpu_s = time.monotonic(), time.process_time()
    while (now_s := time.monotonic() - begun_s) < seconds:
        page = [next(entries) for _ in range(int(now_s * rate) - taken)]
        if page:
            page_begun_s = time.perf_counter()
            with transaction.atomic():
                for handle in handlers:
                    handle(page)
            took.append((time.perf_counter() - page_begun_s) * 1000)
            taken += len(page)
        time.sleep(max(0.0, POLL_S - (time.monotonic() - begun_s - now_s)))
    ordered = sorted(took)
    return {
        "events": taken,
        "per_second": round(taken / (time.monotonic() - begun_s), 1),
        "page_p50_ms": round(ordered[len(ordered) // 2], 1) if ordered else None,
        "page_p95_ms": round(ordered[int(len(ordered) * 0.95)], 1) if ordered else None,
        "cpu_share": round((time.process_time() - begun_cpu_s) / seconds, 3),
        "process_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
