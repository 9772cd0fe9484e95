"""The sync process's own metrics."""

from collections import deque

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily

from edge.sync.incident_log import IncidentLog
from edge.system.metrics import registry_of

_ACK_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class SyncMeters:
    """`registry` holds all metrics. `incidents` counts what was refused."""

    def __init__(self, incidents: IncidentLog) -> None:
        self._incidents = incidents
        self.registry: CollectorRegistry = registry_of("sync")
        own = self.registry
        self.queue = Gauge("sitegate_sync_queue_events", "Events HQ has not acknowledged.", registry=own)
        self.sent = Counter("sitegate_sync_events_sent", "Events handed to the broker.", registry=own)
        self.resent = Counter("sitegate_sync_events_resent", "Of these, sent before.", registry=own)
        self.sent_bytes = Counter("sitegate_sync_sent_bytes", "Payloads handed to the broker, bytes.", registry=own)
        self.received_bytes = Counter("sitegate_sync_received_bytes", "Payloads from the broker, bytes.", registry=own)
        self.connections = Counter("sitegate_sync_connections", "Connections the broker accepted.", registry=own)
        self.connected = Gauge("sitegate_sync_connected", "1 while the broker is connected.", registry=own)
        self.topics_refused = Gauge("sitegate_sync_topics_refused", "Topics that the broker refuses.", registry=own)
        self.ack = Histogram("sitegate_sync_ack_seconds", "From a batch to HQ's answer.", buckets=_ACK_S, registry=own)
        self.registry.register(self)

    def describe(self) -> list[CounterMetricFamily]:
        return [CounterMetricFamily("sitegate_sync_refused", "Messages not believed, by code.", labels=["code"])]

    def collect(self) -> list[CounterMetricFamily]:
        (refused,) = self.describe()
        for code, count in sorted(self._incidents.count.items()):
            refused.add_metric([code.value], count)
        return [refused]


class AckWatch:
    """Measures the time from a batch to HQ's answer, and counts what is sent again. For one epoch."""

    def __init__(self, meters: SyncMeters) -> None:
        self._meters = meters
        self._waiting: deque[tuple[int, float]] = deque()
        self._highest = 0

    def sent(self, first: int, last: int, now_s: float) -> None:
        """Note a batch that went out."""
        self._meters.sent.inc(last - first + 1)
        self._meters.resent.inc(max(0, min(last, self._highest) - first + 1))
        self._highest = max(self._highest, last)
        while self._waiting and self._waiting[-1][0] >= first:  # sent again: the time counts from now
            self._waiting.pop()
        self._waiting.append((last, now_s))

    def acknowledged(self, seq: int, now_s: float) -> None:
        """Note that HQ holds everything up to `seq`."""
        while self._waiting and self._waiting[0][0] <= seq:
            self._meters.ack.observe(max(0.0, now_s - self._waiting.popleft()[1]))

    def lost(self) -> None:
        """Forget what was on its way. It is sent again, and its time counts from then."""
        self._waiting.clear()
