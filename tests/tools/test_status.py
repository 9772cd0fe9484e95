"""`sitegate status` and `top` on real files: a gate that works, a silent one, files of a process taken over."""

import json
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console as RichConsole
from typer.testing import CliRunner

from common.check_result import CheckState
from contract.messages import Advice, DataTier, Direction, ListKind, NoticeCode, NoticeEvent
from edge.app.state_folders import JOURNAL, REPLICA
from edge.cli import app
from edge.core.config import Config, PathsConfig, ScreenConfig, SiteConfig
from edge.core.domain import LiveState, Tone
from edge.core.passage import PassageState
from edge.replica.summary import AckSummary, LinkSummary, ListSummary, ReplicaSummary, SummaryReader
from edge.replica.writer import ReplicaWriter
from edge.storage.journal import Journal
from edge.system.clock import SystemClock
from edge.tools.status.facts import FactsReader, GateFacts, answers, metrics
from edge.tools.status.lines import span, status_lines, worst
from edge.tools.status.top import picture

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
LISTS = {
    kind: ListSummary(7, NOW - timedelta(hours=1), NOW)
    for kind in (ListKind.ROSTER, ListKind.RISK, ListKind.POLICY, ListKind.DIRECTORY)
}


def live(**other: object) -> LiveState:
    fresh = {"roster_tier": DataTier.FRESH, "risk_tier": DataTier.FRESH, "camera_ok": True, "clock_trusted": True}
    base = {"utc": NOW, "direction": Direction.IN, "gate_state": PassageState.LOCKED, "tone": Tone.IDLE}
    return LiveState.model_validate(base | fresh | {"gallery_size": 30} | other)


def facts(**other: object) -> GateFacts:
    link = LinkSummary(True, NOW - timedelta(hours=2), "hq", "", True, 0)
    summary = ReplicaSummary(LISTS, AckSummary("e", 9, NOW, NOW), link)
    base = {"now": NOW, "live": live(), "summary": summary, "epoch": "e", "head": 9, "sync_runs": True}
    return GateFacts(**(base | other))  # type: ignore[arg-type]


def states(found: GateFacts) -> dict[str, CheckState]:
    return {line.what: line.state for line in status_lines(found, Config())}


def test_ok__a_gate_that_works_is_all_ok_and_fits_on_one_screen() -> None:
    lines = status_lines(facts(screen_answers=True, cpu_c=55.0, turn_ms=21.0), Config())
    assert worst(lines) is CheckState.OK
    assert len(lines) <= 20 and all(line.detail and not line.todo for line in lines)


@pytest.mark.parametrize(
    ("changes", "what", "state"),
    [
        ({"live": None}, "gate", CheckState.PROBLEM),
        ({"live": live(utc=NOW - timedelta(minutes=3))}, "gate", CheckState.PROBLEM),
        ({"live": live(utc=NOW + timedelta(days=1))}, "gate", CheckState.PROBLEM),
        ({"live": live(gate_state="of a newer version")}, "gate", CheckState.OK),
        ({"live": live(gate_state=PassageState.FIRE)}, "gate", CheckState.PROBLEM),
        ({"live": live(gate_state=PassageState.LOCKDOWN)}, "gate", CheckState.WARNING),
        ({"live": live(camera_ok=False, camera_detail="cable")}, "camera", CheckState.PROBLEM),
        ({"live": live(roster_tier=DataTier.STALE)}, "roster list", CheckState.WARNING),
        ({"live": live(risk_tier=DataTier.EXPIRED)}, "risk list", CheckState.PROBLEM),
        ({"live": live(lists_refused={ListKind.RISK: 9})}, "risk list", CheckState.PROBLEM),
        ({"live": live(clock_behind=True)}, "clock", CheckState.PROBLEM),
        ({"summary": ReplicaSummary()}, "policy", CheckState.PROBLEM),
        ({"names_refused": True}, "names", CheckState.WARNING),
        ({"sync_runs": False}, "HQ", CheckState.WARNING),
        ({"screen_answers": False}, "screen", CheckState.WARNING),
        ({"cpu_c": 85.0}, "machine", CheckState.WARNING),
        ({"trouble": ("journal.db: not yours",)}, "files", CheckState.PROBLEM),
    ],
)
def test_fail__each_trouble_has_its_line(changes: dict[str, object], what: str, state: CheckState) -> None:
    assert states(facts(**changes))[what] is state


def test_ok__lengths_of_time_are_words() -> None:
    found = [span(timedelta(seconds=s)) for s in (4, 99, 720, 20_000, 400_000)]
    assert found == ["4 s", "99 s", "12 min", "5.6 h", "4.6 days"]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[tuple[Config, Journal]]:
    """A gate's files, as its processes write them."""
    for name in ("gate", "sync", "desk"):
        (tmp_path / name).mkdir()
    site = SiteConfig(site_id="harbour", gate_id="north-gate")
    config = Config(site=site, paths=PathsConfig(state_dir=tmp_path), screen=ScreenConfig(port=0))
    journal = Journal(tmp_path / JOURNAL, site, SystemClock())
    journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED, detail="[red]not markup")
    journal.set_live(live(utc=datetime.now(UTC), tone=Tone.DESK, advice=Advice.SEE_DESK))
    yield config, journal
    journal.close()


def toml(config: Config, folder: Path) -> Path:
    path = folder / "gate.toml"
    site = config.site
    text = f'[site]\nsite_id = "{site.site_id}"\ngate_id = "{site.gate_id}"\n[paths]\nstate_dir = "{folder}"\n'
    path.write_text(f'{text}[liveness]\nmode = "off"\n[screen]\nport = 0\n')
    return path


def test_ok__the_command_reads_the_files_and_its_exit_code_says_how_it_is(
    gate: tuple[Config, Journal], tmp_path: Path
) -> None:
    path = toml(gate[0], tmp_path)
    done = CliRunner().invoke(app, ["status", "-c", str(path)])
    assert done.exit_code == 1, "no lists yet"
    assert "✘ roster list" in done.output and "✔ gate" in done.output
    said = json.loads(CliRunner().invoke(app, ["status", "--json", "-c", str(path)]).output)
    assert said["state"] == "problem" and {"what", "state", "detail", "todo"} <= set(said["lines"][0])
    assert CliRunner().invoke(app, ["top", "-c", str(path)]).exit_code == 2, "no terminal"


def test_ok__the_live_picture_fits_every_terminal(gate: tuple[Config, Journal]) -> None:
    config, journal = gate
    for number in range(60):
        journal.append(NoticeEvent, code=NoticeCode.CAMERA_LOST, detail=f"[bold]{number}")
    with FactsReader(config, 200) as reader:
        found = reader.read()
    for width, height in ((40, 12), (80, 24), (200, 60)):
        console = RichConsole(width=width, height=height)
        lines = console.render_lines(picture(found, config, height), pad=False)
        text = "".join(segment.text for line in lines for segment in line)
        assert "■ desk: see desk" in text or width == 40
        assert "[bold]59" in text, "the newest event, and no markup"
    assert len(found.newest) == 61


@pytest.mark.parametrize(
    "row",
    [
        (1, "2026-03-02T07:00:00", "hq", "", 1, 0),
        (1, 5, "hq", "", 1, 0),
        (1, "2026-03-02T07:00:00+00:00", "hq", b"bytes", 1, 0),
        (1, "2026-03-02T07:00:00+00:00", "hq", "", 1, "many"),
    ],
)
def test_fail__rows_of_a_sync_process_taken_over_end_nothing(
    gate: tuple[Config, Journal], tmp_path: Path, row: tuple[object, ...]
) -> None:
    ReplicaWriter(tmp_path / REPLICA).close()
    with sqlite3.connect(tmp_path / REPLICA) as db:
        db.execute("INSERT OR REPLACE INTO link VALUES (1, ?, ?, ?, ?, ?, ?)", row)
    summary = SummaryReader(tmp_path / REPLICA)
    assert summary.read() == ReplicaSummary()
    summary.close()
    with FactsReader(gate[0]) as reader:
        assert status_lines(reader.read(), gate[0])


def test_fail__a_long_text_of_the_sync_process_is_cut(tmp_path: Path) -> None:
    (tmp_path / "sync").mkdir()
    ReplicaWriter(tmp_path / REPLICA).close()
    with sqlite3.connect(tmp_path / REPLICA) as db:
        values = (1, "2026-03-02T07:00:00+00:00", "hq", "x" * 100_000, 1, 0)
        db.execute("INSERT OR REPLACE INTO link VALUES (1, ?, ?, ?, ?, ?, ?)", values)
    summary = SummaryReader(tmp_path / REPLICA)
    link = summary.read().link
    summary.close()
    assert link is not None and len(link.detail) <= 500


def test_fail__numbers_that_are_none_are_left_out(tmp_path: Path) -> None:
    good, bad, pipe = (tmp_path / name for name in ("gate.prom", "sync.prom", "pipe.prom"))
    good.write_text("sitegate_gate_step_seconds_sum 2\nsitegate_gate_step_seconds_count 100\n")
    bad.write_text('sitegate_sync_connected{{{ = "\n')
    os.mkfifo(pipe)
    assert set(metrics([pipe, bad, good])) == {"sitegate_gate_step_seconds_sum", "sitegate_gate_step_seconds_count"}


def test_fail__a_screen_that_answers_byte_by_byte_holds_nothing_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def drip() -> None:
            for start in (b"HTTP/1.1 ", b"SSH-2.0"):
                connection, _ = server.accept()
                connection.sendall(start)  # and never more; the connection stays open
                kept.append(connection)

        kept: list[socket.socket] = []
        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        assert answers(ScreenConfig(host="127.0.0.1", port=port)) is True
        assert answers(ScreenConfig(host="0.0.0.0", port=port)) is False
        thread.join()
        for connection in kept:
            connection.close()
    assert answers(ScreenConfig(port=port)) is False
    assert answers(ScreenConfig(port=0)) is None
