"""`sitegate bench sync` on the real parts, with few events: it measures something, and all of it arrives."""

import json

from typer.testing import CliRunner

from edge.cli import app


def test_ok__it_prints_rates_beside_bare_ones() -> None:
    done = CliRunner().invoke(
        app, ["bench", "sync", "--events", "1000", "--appends", "50", "--workers", "1000", "--json"]
    )
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout[done.stdout.index("{\n") :])
    rates, roster = told["rates"], told["roster"]
    assert [set(rate) for rate in rates] == [{"name", "ours", "bare", "ratio"}] * 3
    assert all(rate["ours"] > 0 and rate["bare"] > 0 for rate in rates)
    assert roster["workers"] == 1000
    assert roster["in_force_s"] > 0
    assert 300 < roster["bytes_per_worker"] < 1500
