"""Measure the gate process: duration of a turn, age of the frames, delays of the disk."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from prometheus_client import Counter, Histogram

from contract.messages import Event
from edge.core.domain import CameraStatus, Frame
from edge.core.ports import Camera, Clock
from edge.storage.journal import Journal
from edge.system.metrics import registry_of

E = TypeVar("E", bound=Event)

_STEP_S = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)
_FRAME_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
_APPEND_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class GateMetrics:
    """Hold all metrics of the gate process in `registry`. A worker id is never a label."""

    def __init__(self) -> None:
        self.registry = registry_of("gate")
        own = self.registry
        self.step = Histogram("sitegate_gate_step_seconds", "One turn of the loop.", buckets=_STEP_S, registry=own)
        self.unhealthy = Counter("sitegate_gate_unhealthy_steps", "Turns that failed.", registry=own)
        self.frame_age = Histogram(
            "sitegate_gate_frame_age_seconds", "Age of a frame when the loop takes it.", buckets=_FRAME_S, registry=own
        )
        self.append = Histogram(
            "sitegate_gate_journal_append_seconds", "One event stored, on disk.", buckets=_APPEND_S, registry=own
        )
        self.append_failures = Counter(
            "sitegate_gate_journal_append_failures", "Events the disk refused.", registry=own
        )
        self.decisions = Counter("sitegate_gate_decisions", "Decisions since the start.", ["granted"], registry=own)
        self.pruned = Counter("sitegate_gate_pruned_events", "Events forgotten, which HQ holds.", registry=own)

    def timed(self, step: Callable[[], bool]) -> Callable[[], bool]:
        """Wrap the loop's step in a measurement."""

        def measured() -> bool:
            with self.step.time():
                healthy = step()
            if not healthy:
                self.unhealthy.inc()
            return healthy

        return measured


class MeteredJournal(Journal):
    """A journal that measures itself once `metrics` is set."""

    metrics: GateMetrics | None = None

    def append(self, kind: type[E], /, *, ref: str | None = None, **fields: Any) -> E:
        if self.metrics is None:
            return super().append(kind, ref=ref, **fields)
        began_s = time.perf_counter()
        with self.metrics.append_failures.count_exceptions():
            event = super().append(kind, ref=ref, **fields)
        self.metrics.append.observe(time.perf_counter() - began_s)
        if (granted := getattr(event, "granted", None)) is not None:
            self.metrics.decisions.labels(str(granted).lower()).inc()
        return event

    def prune(self, acked_seq: int, keep_days: float, keep_events: int = 0) -> int:
        removed = super().prune(acked_seq, keep_days, keep_events)
        if self.metrics is not None:
            self.metrics.pruned.inc(removed)
        return removed


class MeteredCamera:
    """Wrap a camera and measure the age of its frames. Implements `edge.core.ports.Camera`."""

    def __init__(self, camera: Camera, clock: Clock, metrics: GateMetrics) -> None:
        self._camera, self._clock, self._metrics = camera, clock, metrics

    def start(self) -> None:
        self._camera.start()

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        frame = self._camera.wait(after, timeout_s)
        if frame is not None:
            self._metrics.frame_age.observe(max(0.0, self._clock.monotonic() - frame.monotonic_s))
        return frame

    def status(self) -> CameraStatus:
        return self._camera.status()

    def close(self) -> None:
        self._camera.close()
