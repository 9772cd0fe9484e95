"""The measurement of changes, on a small roster."""

from pathlib import Path

from sync_rig import Rig

from edge.tools.bench.roster_change import TURNS, measure


def test_ok__a_change_becomes_visible_and_costs_a_part_of_the_roster(rig: Rig, tmp_path: Path) -> None:
    cost = measure(tmp_path, rig.config, workers=400, changed=8, dimension=32)
    assert (cost.workers, cost.changed, len(cost.visible_s)) == (400, 8, TURNS)
    assert cost.unchanged_bytes < cost.delta_bytes < cost.snapshot_bytes / 10
    assert cost.unchanged_bytes < 2_000
