"""Passive liveness: the crop, the median over frames, and what it does to each mode. No weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract.messages import Advice, LivenessVerdict
from edge.core.config import LivenessConfig
from edge.core.domain import Face, Image
from edge.matcher.liveness.challenge import ChallengeCheck, LivenessCheck, LivenessResult
from edge.matcher.liveness.combined import FRAMES, CombinedCheck, PassiveCheck
from edge.matcher.liveness.passive import crop, softmax
from edge.sim import heads
from edge.tools.evaluation.liveness_trials import NO_PICTURE

LIVE, DOUBTFUL, NOT_CHECKED = LivenessVerdict.LIVE, LivenessVerdict.DOUBTFUL, LivenessVerdict.NOT_CHECKED
FRAME: Image = np.zeros((480, 640, 3), np.uint8)
HEAD = np.array([(-31.5, -35, 0), (31.5, -35, 0), (0, 7, -25), (-26, 35, 0), (26, 35, 0)])
STRAIGHT = (0.0,) * 8
LEFT = (5.0, 10, 15, 20, 25, 28, 28, 28)


class Scripted:
    """Scores as written; the last one for ever. A score of None is a box outside the frame."""

    def __init__(self, *scores: float | None) -> None:
        self._scores, self.asked = list(scores), 0

    def score(self, image: Image, face: Face) -> float:
        self.asked += 1
        score = self._scores.pop(0) if len(self._scores) > 1 else self._scores[0]
        if score is None:
            raise ValueError("outside")
        return score


def face(yaw: float = 0) -> Face:
    points = heads.project(HEAD @ heads.rotation(yaw, 0, 0).T + np.array((0, 0, 700))).astype(np.float32)
    return Face((0, 0, 0, 0), points, 1.0)


class Showing:
    def __init__(self, judge: LivenessCheck) -> None:
        self.judge, self.now_s = judge, 0.0

    def move(self, *yaws: float, named: bool = True) -> LivenessResult:
        found = LivenessResult()
        for yaw in yaws:
            self.now_s += 1 / 15
            self.judge.add_frame(1, self.now_s, face(yaw), NO_PICTURE)
            found = self.judge.result(1, self.now_s, named)
        return found


def both(mode: str, score: float) -> Showing:
    config = LivenessConfig.model_validate({"mode": mode, "challenge_steps": 1, "passive": True})
    active = ChallengeCheck(config, lambda choices: Advice.TURN_LEFT)
    return Showing(CombinedCheck(active, PassiveCheck(Scripted(score), config.passive_live_min)))


@given(st.floats(-50, 600), st.floats(-50, 450), st.floats(2, 700), st.floats(2, 700))
def test_ok__the_crop_lies_in_the_frame_and_is_never_empty(x: float, y: float, width: float, height: float) -> None:
    if not (0 <= x + width / 2 < 640 and 0 <= y + height / 2 < 480):
        with pytest.raises(ValueError, match="not in the frame"):
            crop(FRAME, (x, y, width, height), 2.7)
        return
    seen = crop(FRAME, (x, y, width, height), 2.7)
    assert seen.size > 0
    assert seen.shape[1] <= 2.7 * width + 1 and seen.shape[0] <= 2.7 * height + 1


def test_ok__the_crop_is_moved_into_the_frame_and_keeps_the_boxs_shape() -> None:
    assert crop(FRAME, (300, 200, 40, 60), 2.7).shape == (162, 108, 3)
    assert crop(FRAME, (0, 0, 40, 60), 2.7).shape == (162, 108, 3)
    assert crop(FRAME, (200, 100, 200, 300), 2.7).shape[0] == 479


@pytest.mark.parametrize("box", [(0, 0, 0, 0), (700, 10, 40, 60), (-80, 10, 40, 60)])
def test_fail__a_box_that_shows_nothing(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="not in the frame"):
        crop(FRAME, box, 2.7)


def test_ok__softmax_adds_up_and_does_not_overflow() -> None:
    shares = softmax(np.array([1000.0, 999, -1000], np.float32))
    assert shares.sum() == pytest.approx(1) and shares[0] == pytest.approx(1 / (1 + np.exp(-1)))


def test_ok__alone_it_doubts_by_the_median_and_never_says_live() -> None:
    lane = Showing(PassiveCheck(Scripted(0.9, 0.1, 0.8, 0.1, 0.2, 0.99), 0.5))
    assert lane.move(0) == LivenessResult(NOT_CHECKED, passive=0.9)
    assert lane.move(0, 0).verdict is NOT_CHECKED
    assert lane.move(0, 0) == LivenessResult(DOUBTFUL, passive=0.2)
    assert lane.move(*[0.0] * FRAMES) == LivenessResult(NOT_CHECKED, passive=0.99)
    assert lane.judge.result(2, 9.0, named=True) == LivenessResult()


def test_ok__turned_faces_and_boxes_outside_the_frame_are_not_judged() -> None:
    scorer = Scripted(None)
    lane = Showing(PassiveCheck(scorer, 0.5))
    assert lane.move(40, -40) == LivenessResult() and scorer.asked == 0
    assert lane.move(0) == LivenessResult() and scorer.asked == 1


def test_ok__advisory_records_its_doubt_whatever_the_head_did() -> None:
    assert both("advisory", 0.1).move(*STRAIGHT) == LivenessResult(DOUBTFUL, passive=0.1)
    moved = both("advisory", 0.1).move(*STRAIGHT, *LEFT)
    assert (moved.verdict, moved.challenge) == (DOUBTFUL, None)
    assert both("advisory", 0.9).move(*STRAIGHT).verdict is NOT_CHECKED
    assert both("advisory", 0.9).move(*STRAIGHT, *LEFT).verdict is LIVE


def test_ok__on_doubt_the_network_asks_for_the_challenge_and_the_challenge_overrules_it() -> None:
    lane = both("challenge_on_doubt", 0.1)
    assert lane.move(*STRAIGHT, *LEFT, named=False).verdict is DOUBTFUL
    assert lane.move(28).challenge is Advice.LOOK_AT_CAMERA
    assert lane.move(20, 10, *STRAIGHT).challenge is Advice.TURN_LEFT
    last = lane.move(*LEFT)
    assert (last.verdict, last.challenge, last.passive) == (LIVE, None, 0.1)


def test_ok__without_doubt_a_head_that_turned_by_itself_is_not_asked() -> None:
    lane = both("challenge_on_doubt", 0.9)
    lane.move(*STRAIGHT, *LEFT, named=False)
    assert lane.move(28).verdict is LIVE


@pytest.mark.parametrize("mode", ["required", "challenge_on_doubt"])
def test_fail__looking_live_never_proves_a_person(mode: str) -> None:
    found = both(mode, 1.0).move(*STRAIGHT)
    assert (found.verdict, found.challenge) == (NOT_CHECKED, Advice.TURN_LEFT)


@pytest.mark.parametrize(("score", "verdict"), [(0.9, LIVE), (0.1, DOUBTFUL)])
def test_ok__required_needs_the_answer_and_no_doubt(score: float, verdict: LivenessVerdict) -> None:
    last = both("required", score).move(*STRAIGHT, *LEFT)
    assert (last.verdict, last.challenge) == (verdict, None)


def test_fail__passive_without_a_mode_would_check_nothing() -> None:
    with pytest.raises(ValidationError, match="set mode"):
        LivenessConfig(passive=True)
