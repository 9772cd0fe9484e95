"""`sitegate bench screen` on a real screen process, with few events: it measures each page."""

import json
from pathlib import Path

from typer.testing import CliRunner

from edge.cli import app
from edge.tools.bench.screen import PAGES


def test_ok__it_measures_pages_memory_and_half_open_requests(tmp_path: Path) -> None:
    small = [
        "--passages",
        "40",
        "--days",
        "1",
        "--rounds",
        "3",
        "--viewers",
        "0",
        "--half-open",
        "60",
        "--people",
        "40",
    ]
    done = CliRunner().invoke(app, ["bench", "screen", *small, "--dir", str(tmp_path), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout[done.stdout.index("{\n") :])
    assert told["events"] > 80
    assert [page["path"] for page in told["pages"]] == list(PAGES)
    assert all(0 < page["p50_ms"] <= page["p95_ms"] and 0 < page["kilobytes"] < 200 for page in told["pages"])
    assert len(told["memory_mb"]) == 5
    assert told["lane_half_open_ms"] > 0
    assert told["names"]["people"] == 40 and len(told["names"]["steps"]) == 4
    assert list(tmp_path.iterdir()) == []
