"""HQ's own numbers for Prometheus, served on this machine only. A gate's id may be a label, a worker's never."""

from collections.abc import Iterator
from datetime import datetime
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server
from prometheus_client.core import GaugeMetricFamily

from hq.database.clock import now
from hq.database.errors import StoreError
from hq.database.gate_reports import gate_reports
from hq.database.journals import last_stored
from hq.database.quarantine import quarantined
from hq.database.restorations import restorations
from hq.database.store import Store
from hq.reports.list_states import list_problems

_TAKE_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_ADDRESS = "127.0.0.1"


class MetricsPortTaken(RuntimeError):
    """Another program listens on the port. The text says what to do."""


class HqMetrics:
    """The numbers. Each is counted where it happens. What is in the database is read at each scrape."""

    def __init__(self, store: Store) -> None:
        self._store = store
        own = self.registry = CollectorRegistry()
        ProcessCollector(namespace="sitegate_hq", registry=own)
        self.events = Counter("sitegate_hq_events", "Events stored by this process, by gate.", ["gate"], registry=own)
        self.take = Histogram("sitegate_hq_ingest_seconds", "One batch stored.", buckets=_TAKE_S, registry=own)
        self.holes = Counter("sitegate_hq_batches_early", "Batches whose predecessor was missing.", registry=own)
        self.connected = Gauge("sitegate_hq_broker_connected", "1 while the broker is connected.", registry=own)
        self.topics_refused = Gauge("sitegate_hq_topics_refused", "Topics that the broker refuses.", registry=own)
        self.lists = Counter(
            "sitegate_hq_lists_published", "Lists given to the broker, by kind.", ["list"], registry=own
        )
        self.refusals = Counter("sitegate_hq_refusals_told", "Refusals told to gates.", registry=own)
        own.register(self)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name one metric of this collector, so that registering it does not read the database."""
        yield GaugeMetricFamily("sitegate_hq_quarantine_payloads", "What HQ could not take and keeps.")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the numbers that the database holds."""
        try:
            yield from self._from_database(now())
        except StoreError:  # the other numbers are still true
            return

    def serve(self, port: int) -> tuple[WSGIServer, Thread]:
        """Serve the numbers on this machine only.

        Return server and thread, for the caller to end. Raises MetricsPortTaken.
        """
        try:
            return start_http_server(port, _ADDRESS, registry=self.registry)
        except OSError as error:
            raise MetricsPortTaken(
                f"{_ADDRESS}:{port} cannot be listened on ({error.strerror}): change [metrics] port in hq.toml; "
                "each of several processes needs its own, 0 is none"
            ) from error

    def _lists_and_restorations(self) -> Iterator[GaugeMetricFamily]:
        problems = list_problems(self._store)
        with self._store.read() as db:
            unseen = len(restorations(db, open_only=True))
        for name, refused, text in (
            ("refused", True, "1 for each list of HQ's that the gate refuses."),
            ("late", False, "1 for each list that a connected gate does not get."),
        ):
            family = GaugeMetricFamily(f"sitegate_hq_gate_list_{name}", text, labels=["gate", "list"])
            for problem in problems:
                if problem.refused is refused:
                    family.add_metric([problem.gate_id, problem.kind.value], 1.0)
            yield family
        yield GaugeMetricFamily("sitegate_hq_restorations_unseen", "Restored databases nobody checked.", value=unseen)

    def _from_database(self, at: datetime) -> Iterator[GaugeMetricFamily]:
        with self._store.read() as db:
            count, reports, stored = quarantined(db), gate_reports(db), last_stored(db)
        yield GaugeMetricFamily("sitegate_hq_quarantine_payloads", "What HQ could not take and keeps.", value=count)
        online = GaugeMetricFamily("sitegate_hq_gate_online", "1 while the gate is connected.", labels=["gate"])
        for report in reports:
            online.add_metric([report.gate_id], float(report.online))
        yield online
        yield from self._lists_and_restorations()
        age = GaugeMetricFamily(
            "sitegate_hq_gate_last_event_seconds", "Since events of the gate were last stored.", labels=["gate"]
        )
        for gate_id, utc in stored.items():
            age.add_metric([gate_id], max(0.0, (at - utc).total_seconds()))
        yield age
