"""HQ's own numbers for Prometheus, served on this machine only. A gate's id may be a label, a worker's never."""

from collections.abc import Iterator
from datetime import datetime
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, start_http_server
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy import func, select

from contract.messages import GateStatus
from hq.database import tables as t
from hq.database.store import Store, StoreError, now, quarantined

_TAKE_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_ADDRESS = "127.0.0.1"


class MetricsPortTaken(RuntimeError):
    """Another program listens there; the text says what to do."""


class HqMetrics:
    """Counted where it happens; `registry` holds all of them. What is in the database is asked for at each scrape."""

    def __init__(self, store: Store) -> None:
        self._store = store
        own = self.registry = CollectorRegistry()
        ProcessCollector(namespace="sitegate_hq", registry=own)
        self.events = Counter("sitegate_hq_events", "Events stored by this process, by gate.", ["gate"], registry=own)
        self.take = Histogram("sitegate_hq_ingest_seconds", "One batch stored.", buckets=_TAKE_S, registry=own)
        self.holes = Counter("sitegate_hq_batches_early", "Batches whose predecessor was missing.", registry=own)
        self.connected = Gauge("sitegate_hq_broker_connected", "1 while the broker is connected.", registry=own)
        self.lists = Counter(
            "sitegate_hq_lists_published", "Lists given to the broker, by kind.", ["list"], registry=own
        )
        self.told = Counter("sitegate_hq_refusals_told", "Refusals told to gates.", registry=own)
        own.register(self)

    def describe(self) -> Iterator[GaugeMetricFamily]:
        yield GaugeMetricFamily("sitegate_hq_quarantine_payloads", "What HQ could not take and keeps.")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            yield from self._asked(now())
        except StoreError:  # a scrape is no reason to fail: the other numbers are still true
            return

    def serve(self, port: int) -> tuple[WSGIServer, Thread]:
        """On this machine only, in a thread of its own; both to be ended by who wants that. Raises MetricsPortTaken."""
        try:
            return start_http_server(port, _ADDRESS, registry=self.registry)
        except OSError as error:
            raise MetricsPortTaken(
                f"{_ADDRESS}:{port} cannot be listened on ({error.strerror}): change [metrics] port in hq.toml; "
                "each of several processes needs its own, 0 is none"
            ) from error

    def _asked(self, at: datetime) -> Iterator[GaugeMetricFamily]:
        heard = select(t.watermarks.c.gate_id, func.max(t.watermarks.c.updated_utc).label("utc"))
        with self._store.read() as db:
            aside = quarantined(db)
            statuses = db.execute(select(t.gates.c.gate_id, t.gates.c.status)).all()
            marks = db.execute(heard.group_by(t.watermarks.c.gate_id)).all()
        yield GaugeMetricFamily("sitegate_hq_quarantine_payloads", "What HQ could not take and keeps.", value=aside)
        online = GaugeMetricFamily("sitegate_hq_gate_online", "1 while the gate is connected.", labels=["gate"])
        for gate_id, status in statuses:
            known = GateStatus.model_validate_json(status).online if status else False
            online.add_metric([gate_id], float(known))
        yield online
        age = GaugeMetricFamily(
            "sitegate_hq_gate_last_event_seconds", "Since events of the gate were last stored.", labels=["gate"]
        )
        for gate_id, utc in marks:
            age.add_metric([gate_id], max(0.0, (at - utc).total_seconds()))
        yield age
