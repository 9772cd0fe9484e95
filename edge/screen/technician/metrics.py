"""The gate in Prometheus' text format. No worker id ever becomes a label."""

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from contract.messages import DECISION_LISTS, DiskStep, NoticeCode, Reason
from edge.core.domain import DiskState, LiveState, Recognition
from edge.core.passage import PassageState
from edge.screen.journal.totals import JournalTotals
from edge.screen.lane_view import is_stale
from edge.screen.ports import SyncSummary
from edge.screen.technician.view import unsent


def exposition(live: LiveState | None, totals: JournalTotals, sync: SyncSummary, now: datetime) -> bytes:
    """All metrics at the time `now` (UTC)."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(namespace="sitegate_screen", registry=registry)
    registry.register(_Collector([*_counters(totals), *_gate(live, now), *_link(totals, sync, now)]))
    return generate_latest(registry)


class _Collector:
    """Metrics in the shape that the library's registry asks for."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _counters(totals: JournalTotals) -> Iterable[Metric]:
    access = CounterMetricFamily("sitegate_access_events", "Decisions in the journal, by reason.", labels=["reason"])
    for reason in Reason:
        access.add_metric([reason.value], totals.access[reason])
    yield access
    passages = CounterMetricFamily(
        "sitegate_passages", "Passages in the journal, by outcome and direction.", labels=["outcome", "direction"]
    )
    for (outcome, direction), count in totals.passages.items():
        passages.add_metric([outcome.value, direction.value], count)
    yield passages
    notices = CounterMetricFamily("sitegate_notices", "Notices in the journal, by code.", labels=["code"])
    for code in NoticeCode:
        notices.add_metric([code.value], totals.notices[code])
    yield notices
    yield GaugeMetricFamily("sitegate_people_on_site", "Passed in here and not out again.", value=totals.people_on_site)
    yield GaugeMetricFamily("sitegate_journal_head_seq", "Newest event of the journal.", value=totals.seq)
    yield GaugeMetricFamily(
        "sitegate_journal_chain_whole", "1 while the hash chain holds.", value=0 if totals.chain_error else 1
    )
    yield GaugeMetricFamily("sitegate_journal_unread", "Events that only newer software can read.", value=totals.unread)


def _gate(live: LiveState | None, now: datetime) -> Iterable[Metric]:
    running = not is_stale(live, now)
    yield GaugeMetricFamily("sitegate_gate_running", "1 while the gate process is heard.", value=int(running))
    state = GaugeMetricFamily("sitegate_gate_state", "1 for the state the gate is in.", labels=["state"])
    for name in PassageState:
        state.add_metric([name.value], float(running and live is not None and live.gate_state is name))
    yield state
    if live is None:
        return
    yield GaugeMetricFamily(
        "sitegate_live_age_seconds", "Since the gate process was heard.", value=(now - live.utc).total_seconds()
    )
    yield GaugeMetricFamily("sitegate_camera_ok", "1 while the camera gives pictures.", value=int(live.camera_ok))
    yield GaugeMetricFamily("sitegate_camera_frames_per_second", "Frames per second.", value=live.frames_per_s)
    yield GaugeMetricFamily("sitegate_gallery_templates", "Templates that can be matched.", value=live.gallery_size)
    yield GaugeMetricFamily(
        "sitegate_clock_trusted", "1 while the wall clock is trusted.", value=int(live.clock_trusted)
    )
    if live.disk is not None:
        yield from _disk(live.disk)
    if live.threshold is not None:
        yield GaugeMetricFamily(
            "sitegate_match_threshold", "Score from which a candidate counts.", value=live.threshold
        )
    if live.recognition is not None:
        yield from _recognition(live.recognition)


def _disk(disk: DiskState) -> Iterable[Metric]:
    step = GaugeMetricFamily("sitegate_disk_step", "1 for the step that the free disk space means.", labels=["step"])
    for name in DiskStep:
        step.add_metric([name.value], float(disk.step is name))
    yield step
    yield GaugeMetricFamily("sitegate_disk_free_bytes", "Free where the journal lies.", value=disk.free_mb * 1e6)
    if disk.days_left is not None:
        yield GaugeMetricFamily(
            "sitegate_disk_days_left", "Until disk or journal budget is full, as it goes now.", value=disk.days_left
        )


def _recognition(basis: Recognition) -> Iterable[Metric]:
    yield GaugeMetricFamily(
        "sitegate_fpir_target", "Share of strangers' frames that may match.", value=basis.fpir_target
    )
    yield GaugeMetricFamily("sitegate_gallery_workers", "Workers that can be recognised.", value=basis.workers)
    yield GaugeMetricFamily("sitegate_match_threshold_correction", "Added by self-calibration.", value=basis.correction)
    if basis.proposed is not None:
        yield GaugeMetricFamily(
            "sitegate_match_threshold_proposed", "Threshold the gate's own scores ask for.", value=basis.proposed
        )
    ratio = GaugeMetricFamily(
        "sitegate_drift_ratio", "Population stability index over its limit, by what is watched.", labels=["of"]
    )
    alarm = GaugeMetricFamily("sitegate_drift_alarm", "1 while this has changed for the worse.", labels=["of"])
    for name, value in basis.drift.items():
        ratio.add_metric([name], value)
        alarm.add_metric([name], float(name in basis.alarms))
    yield ratio
    yield alarm


def _link(totals: JournalTotals, sync: SyncSummary, now: datetime) -> Iterable[Metric]:
    yield GaugeMetricFamily("sitegate_unsent_events", "Events HQ has not acknowledged.", value=unsent(sync, totals))
    yield GaugeMetricFamily(
        "sitegate_hq_connected", "1 while linked to HQ.", value=int(bool(sync.link and sync.link.connected))
    )
    age = GaugeMetricFamily("sitegate_list_age_seconds", "Since HQ issued the list.", labels=["list"])
    version = GaugeMetricFamily("sitegate_list_version", "Version of the list held, 0 = none.", labels=["list"])
    for kind in DECISION_LISTS:
        held = sync.lists.get(kind)
        version.add_metric([kind.value], held.version if held else 0)
        if held:
            age.add_metric([kind.value], (now - held.issued_utc).total_seconds())
    yield age
    yield version
