"""Plane and parallax, the challenge, and the simulator that tries them."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from contract.messages import Advice, LivenessVerdict
from edge.cli import app
from edge.core.config import LivenessConfig, MatcherConfig
from edge.core.domain import Face, Points
from edge.matcher.liveness.challenge import ChallengeCheck, LivenessResult, NoLivenessCheck
from edge.matcher.liveness.combined import open_liveness
from edge.matcher.liveness.parallax import FrontalView, nose_offset
from edge.sim import heads
from edge.tools.evaluation.liveness_trials import KINDS, NO_PICTURE, run, wilson

LIVE, DOUBTFUL, NOT_CHECKED = LivenessVerdict.LIVE, LivenessVerdict.DOUBTFUL, LivenessVerdict.NOT_CHECKED
HEAD = np.array(
    [(-31.5, -35, 0), (31.5, -35, 0), (0, 7, -25), (-26, 35, 0), (26, 35, 0)],
)
FLAT = HEAD * (1, 1, 0)
angles = st.floats(-35, 35)


def view(shape: heads.Matrix, yaw: float = 0, pitch: float = 0, roll: float = 0, z_mm: float = 700) -> Points:
    return heads.project(shape @ heads.rotation(yaw, pitch, roll).T + np.array((0, 0, z_mm))).astype(np.float32)


def shown(points: Points) -> Face:
    return Face((0, 0, 0, 0), points, 1.0)


@given(angles, angles, st.floats(-60, 60), st.floats(350, 1500))
def test_ok__a_flat_photo_has_no_parallax_however_it_is_held(
    yaw: float, pitch: float, roll: float, z_mm: float
) -> None:
    relief = FrontalView.of([view(FLAT)]).compare(view(FLAT, yaw, pitch, roll, z_mm))
    assert abs(relief.x) < 1e-3 and abs(relief.y) < 1e-3


@given(st.floats(10, 30), st.sampled_from((-1, 1)), st.floats(-30, 30))
def test_ok__a_turned_head_has_the_parallax_of_its_nose(yaw: float, side: int, roll: float) -> None:
    relief = FrontalView.of([view(HEAD, z_mm=5000)]).compare(view(HEAD, side * yaw, 0, roll, z_mm=5000))
    assert relief.x == pytest.approx(side * 25 / 63 * math.tan(math.radians(yaw)), rel=0.05)
    assert relief.cosine == pytest.approx(math.cos(math.radians(yaw)), abs=0.01)


def test_ok__coming_closer_is_seen() -> None:
    reference = FrontalView.of([view(HEAD, z_mm=800)])
    assert reference.compare(view(HEAD, z_mm=640)).closer == pytest.approx(1.25, abs=0.01)


def test_ok__the_nose_goes_to_the_persons_left_when_the_person_turns_left() -> None:
    assert (
        nose_offset(view(HEAD, 20)) > 0.1
        and nose_offset(view(HEAD, -20)) < -0.1
        and abs(nose_offset(view(HEAD))) < 1e-6
    )


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.arange(10).reshape(5, 2)])
def test_fail__a_degenerate_view_is_refused_and_changes_no_verdict(points: Points) -> None:
    with pytest.raises(ValueError, match=r"eyes|line"):
        FrontalView.of([view(HEAD)]).compare(points.astype(np.float32))
    judge = ChallengeCheck(LivenessConfig(mode="advisory"))
    judge.add_frame(1, 0.0, shown(points.astype(np.float32)), NO_PICTURE)
    assert judge.result(1, 0.0, named=True) == LivenessResult()


class Showing:
    """Shows a judge a shape at changing angles, 15 frames a second, no noise."""

    def __init__(self, shape: heads.Matrix, steps: list[Advice], mode: str = "required") -> None:
        drawn = iter(steps)
        config = LivenessConfig.model_validate({"mode": mode, "challenge_steps": len(steps) or 1})
        self.judge = ChallengeCheck(config, lambda choices: next(drawn))
        self.shape, self.now_s, self.approach = shape, 0.0, 1

    def move(self, *yaws: float, z_mm: float = 700) -> LivenessResult:
        found = LivenessResult()
        for yaw in yaws:
            self.now_s += 1 / 15
            self.judge.add_frame(self.approach, self.now_s, shown(view(self.shape, yaw, z_mm=z_mm)), NO_PICTURE)
            found = self.judge.result(self.approach, self.now_s, named=True)
        return found


STILL = [0.0] * 8
LEFT = [5.0, 10, 15, 20, 25, 28, 28, 28]
RIGHT = [-yaw for yaw in LEFT]
BACK = [20.0, 10, 0]


def test_ok__who_turns_as_asked_is_live() -> None:
    lane = Showing(HEAD, [Advice.TURN_LEFT, Advice.TURN_RIGHT])
    assert lane.move(0).challenge is Advice.LOOK_AT_CAMERA
    assert lane.move(*STILL).challenge is Advice.TURN_LEFT
    assert lane.move(*LEFT) == LivenessResult(NOT_CHECKED, pytest.approx(0.2, abs=0.08), Advice.LOOK_AT_CAMERA)
    assert lane.move(*BACK, *STILL).challenge is Advice.TURN_RIGHT
    last = lane.move(*RIGHT)
    assert (last.verdict, last.challenge) == (LIVE, None)


def test_ok__coming_closer_can_be_asked() -> None:
    lane = Showing(HEAD, [Advice.TURN_LEFT, Advice.COME_CLOSER])
    lane.move(*STILL, *LEFT, *BACK)
    assert lane.move(*STILL).challenge is Advice.COME_CLOSER
    assert lane.move(*STILL, z_mm=560).verdict is LIVE


def test_fail__the_other_way_is_doubtful_and_final() -> None:
    lane = Showing(HEAD, [Advice.TURN_LEFT])
    lane.move(*STILL)
    assert lane.move(*RIGHT).verdict is DOUBTFUL
    assert lane.move(0, *STILL, *LEFT).verdict is DOUBTFUL


def test_fail__a_photo_turned_as_asked_runs_out_of_time() -> None:
    lane = Showing(FLAT, [Advice.TURN_LEFT])
    found = LivenessResult()
    for _ in range(20):
        found = lane.move(*STILL, *LEFT, 20, 10)
    assert (found.verdict, found.challenge) == (DOUBTFUL, None)


def test_fail__a_face_that_jumps_is_not_a_turn() -> None:
    lane = Showing(HEAD, [Advice.TURN_LEFT])
    lane.move(*STILL)
    assert lane.move(28, 28, 28, 28) == LivenessResult(NOT_CHECKED, 0.0, Advice.LOOK_AT_CAMERA)


def test_ok__each_approach_begins_anew() -> None:
    lane = Showing(HEAD, [Advice.TURN_LEFT])
    lane.move(*STILL)
    lane.move(*RIGHT)
    assert lane.judge.result(2, lane.now_s, named=False) == LivenessResult()


def test_ok__nobody_is_asked_before_being_named() -> None:
    judge = ChallengeCheck(LivenessConfig(mode="required"))
    assert judge.result(1, 0.0, named=False).challenge is None


def test_ok__advisory_never_asks_and_tells_heads_from_turned_planes() -> None:
    head, flat = Showing(HEAD, [], "advisory"), Showing(FLAT, [], "advisory")
    assert head.move(*STILL) == flat.move(*STILL) == LivenessResult(NOT_CHECKED, 0.0, None)
    assert head.move(*LEFT).verdict is LIVE
    assert flat.move(*LEFT, 30, 32, 34).verdict is DOUBTFUL


def test_ok__on_doubt_asks_only_whom_nature_has_not_shown() -> None:
    quick = Showing(HEAD, [Advice.TURN_LEFT], "challenge_on_doubt")
    for yaw in (*STILL, *LEFT):
        quick.now_s += 1 / 15
        quick.judge.add_frame(1, quick.now_s, shown(view(HEAD, yaw)), NO_PICTURE)
    assert quick.move(28) == LivenessResult(LIVE, pytest.approx(0.21, abs=0.05), None)
    assert Showing(HEAD, [Advice.TURN_LEFT], "challenge_on_doubt").move(*STILL).challenge is Advice.TURN_LEFT


def test_ok__off_looks_at_nothing(tmp_path: Path) -> None:
    judge = open_liveness(LivenessConfig(), MatcherConfig(), tmp_path)
    assert isinstance(judge, NoLivenessCheck)
    judge.add_frame(1, 0.0, shown(view(HEAD)), NO_PICTURE)
    assert judge.result(1, 0.0, named=True) == LivenessResult()


def test_ok__the_draw_is_fresh_for_each_approach() -> None:
    judge, drawn = ChallengeCheck(LivenessConfig(mode="required", challenge_steps=1)), set()
    for approach in range(1, 60):
        for frame in range(8):
            judge.add_frame(approach, frame / 15, shown(view(HEAD)), NO_PICTURE)
            drawn.add(judge.result(approach, frame / 15, named=True).challenge)
    assert drawn == {Advice.LOOK_AT_CAMERA, Advice.TURN_LEFT, Advice.TURN_RIGHT}


def test_ok__simulated_photos_are_refused_and_most_people_are_not() -> None:
    config = LivenessConfig(mode="required")
    rates = {kind.name: run(kind, config, 0.015, 25, 7).error_rate for kind in (KINDS[0], KINDS[3])}
    assert rates["photo, waved and turned as asked"] == 0
    assert rates["person who does as asked"] <= 0.2


def test_ok__the_interval_holds_the_rate() -> None:
    low, high = wilson(0, 2000)
    assert low == 0 and 0.001 < high < 0.003
    assert wilson(50, 100) == pytest.approx((0.404, 0.596), abs=0.002)


def test_ok__a_bent_sheet_keeps_its_width_and_bulges_forward() -> None:
    sheet = heads.bent(np.array([(-30.0, 0), (0, 0), (30, 0)]), 60)
    assert sheet[1, 2] == 0 and sheet[0, 2] == sheet[2, 2] == pytest.approx(60 * (1 - math.cos(0.5)))


def test_ok__the_command_counts_every_kind() -> None:
    result = CliRunner().invoke(app, ["liveness", "simulate", "--trials", "10", "--mode", "advisory", "--json"])
    outcomes = json.loads(result.stdout)["outcomes"]
    assert [o["kind"] for o in outcomes] == [kind.name for kind in KINDS]
    assert all(0 <= o["low"] <= o["error_rate"] <= o["high"] <= 1 for o in outcomes)


def test_fail__an_unknown_mode_is_named() -> None:
    result = CliRunner().invoke(app, ["liveness", "simulate", "--mode", "strict"])
    assert result.exit_code == 2
