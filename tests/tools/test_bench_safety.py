"""The measuring command of docs/SAFETY.md, on few presses: conditions that are really there, and contacts that do not
wait for them."""

from pathlib import Path

import pytest

from edge.core.passage import PassageState
from edge.tools.bench.guards import BOUND_S, FREEZE, KILL, LockTimes, lock_times
from edge.tools.bench.safety import STALLED_S, reactions


@pytest.mark.parametrize(
    ("condition", "turn_s"), [("database locked", 0.2), ("fsync stalled", STALLED_S), ("disk full", 0.0)]
)
def test_ok__no_disk_delays_fire_or_the_exit_button(tmp_path: Path, condition: str, turn_s: float) -> None:
    """The loop waits for the disk in its turns, and the contacts are answered all the same."""
    found = reactions(condition, tmp_path, 2)
    assert [one.contact for one in found] == ["fire", "exit button", "a bare thread"]
    for one in found:
        assert one.lost == 0
        assert one.turn_s > turn_s
        assert one.worst_ms / 1000 < max(turn_s, 2.0)


@pytest.mark.parametrize("condition", ["undisturbed", "camera hangs", "matcher busy"])
def test_ok__no_camera_or_matcher_delays_them(tmp_path: Path, condition: str) -> None:
    assert all(one.lost == 0 for one in reactions(condition, tmp_path, 2))


@pytest.mark.parametrize("how", [FREEZE, KILL])
@pytest.mark.parametrize(
    "state", [PassageState.RELEASED, PassageState.PASSING, PassageState.OPEN, PassageState.THROUGH]
)
def test_ok__the_relay_is_locked_in_every_state_in_which_it_is_energised(
    tmp_path: Path, state: PassageState, how: str
) -> None:
    found = lock_times(state, how, 2, 2, tmp_path)
    assert (found.energised, found.never) == (2, 0)
    assert found.worst_s is not None
    assert found.worst_s < BOUND_S + 2.0  # the machine's scheduling; the figures are in docs/SAFETY.md


@pytest.mark.parametrize("state", [PassageState.LOCKED, PassageState.FIRE])
def test_ok__a_frozen_gate_at_rest_is_left_alone_and_a_fire_is_never_cut(tmp_path: Path, state: PassageState) -> None:
    assert lock_times(state, FREEZE, 1, 1, tmp_path) == LockTimes(state.value, FREEZE, 1, 0, None, None, 0)
