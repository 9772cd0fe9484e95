"""Measure each page of each role, one after the other: time, SQL and processor."""

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from district.commands.measured_walk import WalkedAddress, walk

ROUNDS = 3


@dataclass
class _SqlMeter:
    """Counts statements and their time."""

    queries: int = 0
    seconds: float = 0.0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """Run one statement."""
        begun_s = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.queries += 1
            self.seconds += time.perf_counter() - begun_s


@dataclass
class PageFigures:
    """What one kind of page took, over some addresses and rounds. Times in ms."""

    kind: str
    times: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    queries: int = 0
    slowest: str = ""

    def row(self, role: str) -> dict[str, Any]:
        """Return the figures for printing."""
        return {
            "role": role,
            "page": self.kind,
            "p50_ms": round(statistics.median(self.times), 1),
            "p95_ms": round(percentile(self.times, 0.95), 1),
            "sql_ms": round(statistics.median(self.sql), 1),
            "sql_p95_ms": round(percentile(self.sql, 0.95), 1),
            "cpu_ms": round(statistics.mean(self.cpu), 1),
            "queries": self.queries,
            "slowest": self.slowest,
        }


@dataclass(frozen=True)
class RolePages:
    """What a role reaches."""

    session: str
    addresses: list[WalkedAddress]
    files: list[str]


def percentile(values: list[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def reach(keys: Mapping[str, str], searches: list[str]) -> dict[str, RolePages]:
    """Walk through the pages of each role."""
    found = {}
    for role, session in keys.items():
        client = _client(session)

        def get(address: str, client: Any = client) -> tuple[str, bool]:
            response = client.get(address)
            kind = response.headers.get("Content-Type", "")
            is_page = response.status_code == 200 and kind.startswith("text/html") and not response.streaming
            return (response.content.decode(), True) if is_page else ("", False)

        found[role] = RolePages(session, *walk(get, searches))
    return found


def measure_pages(found: Mapping[str, RolePages]) -> list[dict[str, Any]]:
    """Get each address some times. Return a row for each kind of page and role, the slowest first."""
    rows = []
    for role, pages in found.items():
        client, figures = _client(pages.session), dict[str, PageFigures]()
        for walked in pages.addresses:
            _measure(client, walked, figures.setdefault(walked.kind, PageFigures(walked.kind)))
        rows += [one.row(role) for one in figures.values()]
    return sorted(rows, key=lambda row: -float(row["p95_ms"]))


def _measure(client: Any, walked: WalkedAddress, figures: PageFigures) -> None:
    from django.db import connection

    for _ in range(ROUNDS):
        meter = _SqlMeter()
        begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
        with connection.execute_wrapper(meter):
            client.get(walked.address)
        took = (time.perf_counter() - begun_s) * 1000
        if took > max(figures.times, default=0.0):
            figures.slowest = walked.address
        figures.times.append(took)
        figures.cpu.append((time.process_time() - begun_cpu_s) * 1000)
        figures.sql.append(meter.seconds * 1000)
        figures.queries = max(figures.queries, meter.queries)


def _client(session: str) -> Any:
    from django.conf import settings
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    return client
