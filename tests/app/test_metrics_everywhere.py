"""Every process tells its numbers: as files that the screen's /metrics includes, and at HQ on a port of its own."""

import asyncio
import os
import re
import time
import urllib.request
from pathlib import Path

import httpx
import numpy as np
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from sync_rig import Rig, free_port, note, wait_until

from contract.messages import AccessEvent, Advice, Direction, NoticeCode, NoticeEvent, Reason
from edge.app.gate_metrics import GateMetrics, MeteredCamera, MeteredJournal
from edge.app.state_folders import metrics_file, metrics_files
from edge.core.config import SiteConfig, parse
from edge.core.domain import CameraStatus, Frame
from edge.core.ports import JournalError
from edge.replica.summary import SummaryReader
from edge.screen.app import ScreenSources, create_app
from edge.sim import ManualClock
from edge.storage.journal import JournalReader
from edge.sync.service import SyncService
from edge.system.metrics import EVERY_S, STALE_S, MetricsFile, fresh
from hq.reports.metrics import HqMetrics, MetricsPortTaken
from hq.service import HqService

METRICS = Path(__file__).parents[2] / "docs" / "METRICS.md"


def _values(text: str) -> dict[str, float]:
    """Every sample by its full name, labels included; fails if a family stands twice."""
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names)), "a family twice: the whole scrape would be refused"
    return {
        s.name + "".join(f"[{k}={v}]" for k, v in sorted(s.labels.items())): s.value
        for f in families
        for s in f.samples
    }


def _own(registry: CollectorRegistry) -> dict[str, float]:
    return _values(generate_latest(registry).decode())


def _access(journal: MeteredJournal, *, granted: bool) -> None:
    reason = Reason.GRANTED if granted else Reason.UNKNOWN
    journal.append(
        AccessEvent, reason=reason, granted=granted, advice=Advice.WAIT, direction=Direction.IN, worker_id="w-7"
    )


def test_ok__the_gate_counts_turns_frames_events_and_what_the_disk_refuses(tmp_path: Path) -> None:
    clock, metrics = ManualClock(), GateMetrics()
    journal = MeteredJournal(tmp_path / "journal.db", SiteConfig(), clock)
    journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED)  # before there are metrics
    journal.metrics = metrics
    _access(journal, granted=True)
    _access(journal, granted=False)
    clock.advance(86_400)
    assert journal.prune(3, 0.5) == 3
    journal._file.db.execute("PRAGMA query_only=ON")
    with pytest.raises(JournalError):
        _access(journal, granted=True)
    journal.close()
    camera = MeteredCamera(_Camera(clock.monotonic() - 0.15), clock, metrics)
    assert camera.wait(0, 0) is not None
    turns = iter([True, False])
    step = metrics.timed(lambda: next(turns))
    assert [step(), step()] == [True, False]
    found = _own(metrics.registry)
    assert found["sitegate_gate_step_seconds_count"] == 2
    assert found["sitegate_gate_unhealthy_steps_total"] == 1
    assert found["sitegate_gate_frame_age_seconds_sum"] == pytest.approx(0.15)
    assert found["sitegate_gate_journal_append_seconds_count"] == 2
    assert found["sitegate_gate_journal_append_failures_total"] == 1
    assert found["sitegate_gate_decisions_total[granted=true]"] == 1
    assert found["sitegate_gate_pruned_events_total"] == 3
    assert found["sitegate_gate_process_resident_memory_bytes"] > 0
    assert "w-7" not in generate_latest(metrics.registry).decode()


class _Camera:
    def __init__(self, taken_s: float) -> None:
        self._frame = Frame(np.zeros((2, 2, 3), np.uint8), taken_s, 1)

    def start(self) -> None: ...

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        return self._frame

    def status(self) -> CameraStatus:
        return CameraStatus(True, "")

    def close(self) -> None: ...


def test_ok__the_file_is_whole_readable_by_others_and_written_now_and_then(tmp_path: Path) -> None:
    now = [100.0]
    metrics = GateMetrics()
    file = MetricsFile(tmp_path / "metrics" / "gate.prom", metrics.registry, lambda: now[0])
    path = tmp_path / "metrics" / "gate.prom"
    file.write_if_due()
    assert _values(path.read_text())["sitegate_gate_step_seconds_count"] == 0
    assert path.stat().st_mode & 0o777 == 0o644
    metrics.step.observe(0.01)
    file.write_if_due()
    assert _values(path.read_text())["sitegate_gate_step_seconds_count"] == 0
    now[0] += EVERY_S
    file.write_if_due()
    assert _values(path.read_text())["sitegate_gate_step_seconds_count"] == 1
    assert [p.name for p in path.parent.iterdir()] == ["gate.prom"]
    file.remove()
    assert not path.exists()


def test_fail__a_folder_that_refuses_costs_the_numbers_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "metrics").write_text("a file where the folder should be")
    file = MetricsFile(tmp_path / "metrics" / "gate.prom", GateMetrics().registry)
    file.write_if_due()
    assert (tmp_path / "metrics").read_text() == "a file where the folder should be"


def test_fail__old_missing_and_cut_files_are_left_out(tmp_path: Path) -> None:
    good, old, cut = tmp_path / "good.prom", tmp_path / "old.prom", tmp_path / "cut.prom"
    for path, text in ((good, "a 1.0\n"), (old, "b 1.0\n"), (cut, "c 1")):
        path.write_text(text)
    now = time.time()
    os.utime(old, (now - STALE_S - 5,) * 2)
    assert fresh([tmp_path / "none.prom", good, old, cut], now) == b"a 1.0\n"


def test_ok__under_systemd_the_numbers_stay_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = parse({"paths": {"state_dir": str(tmp_path)}})
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    assert metrics_file(config, "gate") == tmp_path / "gate" / "gate.prom"
    assert metrics_file(config, "gate") in metrics_files(config)
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/sitegate-gate")
    assert metrics_file(config, "gate") == Path("/run/sitegate-gate/gate.prom")
    assert metrics_file(config, "gate") in metrics_files(config)


def test_ok__one_scrape_of_the_screen_shows_gate_and_sync_too(rig: Rig) -> None:
    rig.hq()
    sync = rig.sync()
    assert isinstance(sync.service, SyncService)
    journal, store = rig.journal(), rig.store()
    note(journal, 25)
    wait_until(lambda: rig.holds(store, 25), "HQ holds the events")
    metrics = sync.service.meters
    wait_until(lambda: _own(metrics.registry)["sitegate_sync_ack_seconds_count"] > 0, "an answer was measured")
    gate = GateMetrics()
    for process, registry in (("gate", gate.registry), ("sync", metrics.registry)):
        MetricsFile(metrics_file(rig.config, process), registry).write_if_due()
    found = _values(_scrape(rig))
    assert found["sitegate_sync_events_sent_total"] >= 25
    assert found["sitegate_sync_connections_total"] == 1
    assert found["sitegate_sync_sent_bytes_total"] > 1000
    assert found["sitegate_sync_received_bytes_total"] > 100
    assert "sitegate_gate_step_seconds_count" in found
    assert "sitegate_screen_process_cpu_seconds_total" in found
    assert found["sitegate_journal_head_seq"] == 25
    _documented(found)


def _scrape(rig: Rig) -> str:
    journal, summary = (
        JournalReader(rig.state_dir / "gate/journal.db"),
        SummaryReader(rig.state_dir / "sync/replica.db"),
    )
    app = create_app(ScreenSources(journal, summary.read, desk=None, metrics=metrics_files(rig.config)), rig.config)

    async def get() -> str:
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
        ):
            await asyncio.sleep(0)
            return (await client.get("/metrics")).text

    try:
        return asyncio.run(get())
    finally:
        journal.close()
        summary.close()


def test_ok__hq_serves_its_numbers_on_this_machine(rig: Rig) -> None:
    hq = rig.hq()
    assert isinstance(hq.service, HqService)
    metrics, port = hq.service.metrics, free_port()
    server, thread = metrics.serve(port)
    try:
        rig.sync()
        note(rig.journal(), 12)
        store = rig.store()
        wait_until(lambda: rig.holds(store, 12), "HQ holds the events")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            found = _values(answer.read().decode())
        with pytest.raises(MetricsPortTaken, match=r"change \[metrics\] port"):
            metrics.serve(port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert found["sitegate_hq_events_total[gate=gate-1]"] == 12
    assert found["sitegate_hq_gate_online[gate=gate-1]"] == 1
    assert found["sitegate_hq_gate_last_event_seconds[gate=gate-1]"] < 60
    assert found["sitegate_hq_quarantine_payloads"] == 0
    assert found["sitegate_hq_broker_connected"] == 1
    assert found["sitegate_hq_ingest_seconds_count"] >= 1
    _documented(found)


def test_fail__a_scrape_of_a_broken_database_still_answers(rig: Rig) -> None:
    store = rig.store()
    metrics = HqMetrics(store)
    with store.write() as db:
        db.exec_driver_sql("DROP TABLE quarantine")
    assert "sitegate_hq_broker_connected" in _own(metrics.registry)


def _documented(found: dict[str, float]) -> None:
    """Every name stands in the operator's page."""
    text = METRICS.read_text(encoding="utf-8")
    names = {re.sub(r"(_total|_bucket|_count|_sum|_created)?(\[.*)?$", "", name) for name in found}
    missing = {name for name in names if name not in text and "_process_" not in name}
    assert not missing
