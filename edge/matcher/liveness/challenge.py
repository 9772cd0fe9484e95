"""Presentation attack detection (ISO/IEC 30107) by movement: is a person in front of the gate, or a picture?"""

import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from contract.messages import Advice, LivenessVerdict
from edge.core.config import LivenessConfig
from edge.core.domain import Face, Image, Points
from edge.matcher.liveness.parallax import FrontalView, Relief, nose_offset

PARALLAX_MIN = 0.13
"""From this parallax of the nose against the face's plane, in eye distances, a head has turned: about 18°."""
RELIEF_MIN = 0.26
"""Height of the nose, in eye distances, that the parallax must prove at the foreshortening seen.

A head has about 0.4; a photo bent around a bottle 0.1 to 0.2.
"""
JUMP_MAX = 0.12
"""Parallax from one frame to the next that no turning head reaches: one photo was swapped for another."""
CLOSER_MIN = 1.15
"""Growth of the face from which a person has come closer."""
STRAIGHT_MAX = 0.12
"""A face whose nose is nearer than this to the middle of the eyes looks at the camera."""
STEADY_MAX = 0.08
"""The nose may move this much while the frontal view is taken."""
PLANE_TURNED_COSINE = 0.9
"""Foreshortening (26°) from which a plane without parallax is doubtful, even without a challenge."""
LOST_S = 1.0
"""After this long without a face the person must look at the camera again: the head has turned too far."""
REFERENCE_VIEWS = 5
WINDOW = 3
"""Frames that are averaged: landmarks tremble by one or two per cent of the eye distance."""

TURNS = (Advice.TURN_LEFT, Advice.TURN_RIGHT)
CHALLENGES = (*TURNS, Advice.COME_CLOSER)
Draw = Callable[[Sequence[Advice]], Advice]


@dataclass(frozen=True, slots=True)
class LivenessResult:
    """`challenge` is the instruction for the person now. While it is set, `verdict` is not final.

    `score` is the largest parallax seen that a head may have caused, in eye distances, 0 = none. `passive` is how live
    the face looks to the passive network, 0-1; None if it was not used.
    """

    verdict: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    score: float = 0.0
    challenge: Advice | None = None
    passive: float | None = None


class LivenessCheck(Protocol):
    def add_frame(self, approach: int, at_s: float, face: Face, image: Image) -> None:
        """Note one face of this approach, usable or turned away, in its BGR frame. Frame time in monotonic seconds."""

    def result(self, approach: int, at_s: float, named: bool) -> LivenessResult:
        """The present result. `named`: the vote has named somebody, so that a challenge is worth the person's time."""


class NoLivenessCheck:
    """Checks nothing. Events then carry `not_checked`, never `live`."""

    def add_frame(self, approach: int, at_s: float, face: Face, image: Image) -> None:
        pass

    def result(self, approach: int, at_s: float, named: bool) -> LivenessResult:
        return LivenessResult()


@dataclass(slots=True, eq=False)
class _ApproachState:
    """What one approach has shown. The challenge to be met is the first of `left`."""

    number: int
    left: list[Advice] = field(default_factory=list)
    started_s: float | None = None
    seen_s: float = 0.0
    verdict: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    score: float = 0.0
    straight: deque[Points] = field(default_factory=lambda: deque(maxlen=REFERENCE_VIEWS))
    reference: FrontalView | None = None
    recent: deque[Relief] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def start_over(self) -> None:
        """Take the frontal view again: the person must first look at the camera."""
        self.straight.clear()
        self.recent.clear()
        self.reference = None


class ChallengeCheck:
    """Checks the nose's parallax over time, alone or as the answer to a challenge drawn for each approach.

    Modes (`LivenessConfig.mode`): "advisory" never asks; "required" asks everybody who is named. "challenge_on_doubt"
    asks those whose natural movement has not shown a head before they are named. A challenge is one to four steps. Each
    begins with a look at the camera. It ends with the step done (live, after the last). Another step done, or the time
    over, means doubtful, finally for this approach.
    """

    def __init__(self, config: LivenessConfig, draw: Draw = secrets.choice) -> None:
        self._config, self._draw = config, draw
        self._state = _ApproachState(0)

    def add_frame(self, approach: int, at_s: float, face: Face, image: Image) -> None:
        landmarks = face.landmarks
        state = self._of(approach)
        state.seen_s = at_s
        try:
            if state.reference is None:
                self._take_frontal_view(state, landmarks)
            else:
                self._compare(state, state.reference.compare(landmarks))
        except ValueError:  # a degenerate view is ignored
            return

    def result(self, approach: int, at_s: float, named: bool, doubted: bool = False) -> LivenessResult:
        """The present result, see `LivenessCheck`. `doubted`: another check takes the face for a picture.

        Only a challenge in mode "challenge_on_doubt", once begun, overrules that doubt.
        """
        state = self._of(approach)
        if named and self._asks(state, doubted):
            if state.started_s is None:
                self._start(state, at_s)
            elif at_s - state.started_s > self._config.challenge_limit_ms / 1000:
                self._end(state, LivenessVerdict.DOUBTFUL)
        if state.left and at_s - state.seen_s > LOST_S:
            state.start_over()
        challenge = None
        if state.left:
            challenge = Advice.LOOK_AT_CAMERA if state.reference is None else state.left[0]
        overruled = self._config.mode == "challenge_on_doubt" and state.started_s is not None
        doubtful = doubted and challenge is None and not overruled
        return LivenessResult(LivenessVerdict.DOUBTFUL if doubtful else state.verdict, state.score, challenge)

    def _of(self, approach: int) -> _ApproachState:
        if approach != self._state.number:
            self._state = _ApproachState(approach)
        return self._state

    def _asks(self, state: _ApproachState, doubted: bool) -> bool:
        if state.left:
            return True
        if self._config.mode == "advisory" or state.started_s is not None:
            return False
        return self._config.mode == "required" or doubted or state.verdict is not LivenessVerdict.LIVE

    def _start(self, state: _ApproachState, at_s: float) -> None:
        """Draw the steps. The first is a turn: only a turn shows depth."""
        steps = [self._draw(TURNS), *(self._draw(CHALLENGES) for _ in range(self._config.challenge_steps - 1))]
        state.left, state.started_s = steps, at_s
        state.verdict = LivenessVerdict.NOT_CHECKED
        state.start_over()

    def _end(self, state: _ApproachState, verdict: LivenessVerdict) -> None:
        state.left, state.verdict = [], verdict

    def _take_frontal_view(self, state: _ApproachState, landmarks: Points) -> None:
        state.straight.append(landmarks)
        turns = [nose_offset(view) for view in state.straight]
        if abs(turns[-1]) > STRAIGHT_MAX or max(turns) - min(turns) > STEADY_MAX:
            state.straight.clear()
        elif len(turns) == REFERENCE_VIEWS:
            state.reference = FrontalView.of(list(state.straight))

    def _compare(self, state: _ApproachState, now: Relief) -> None:
        if state.recent and abs(now.x - state.recent[-1].x) > JUMP_MAX:
            state.start_over()
            return
        state.recent.append(now)
        if len(state.recent) < WINDOW:
            return
        mean = mean_relief(list(state.recent))
        turned = turned_head(mean)
        if turned:
            state.score = max(state.score, abs(mean.x))
        if state.left:
            self._check_answer(state, mean, turned)
        elif state.started_s is None:
            if turned:
                state.verdict = LivenessVerdict.LIVE
            elif state.verdict is LivenessVerdict.NOT_CHECKED and turned_plane(mean):
                state.verdict = LivenessVerdict.DOUBTFUL

    def _check_answer(self, state: _ApproachState, mean: Relief, turned: Advice | None) -> None:
        done = turned or (Advice.COME_CLOSER if mean.closer >= CLOSER_MIN else None)
        asked = state.left[0]
        if done is asked:
            state.left.pop(0)
            state.start_over()
            if not state.left:
                self._end(state, LivenessVerdict.LIVE)
        elif turned:
            self._end(state, LivenessVerdict.DOUBTFUL)


def mean_relief(views: list[Relief]) -> Relief:
    count = len(views)
    return Relief(
        sum(v.x for v in views) / count,
        sum(v.y for v in views) / count,
        sum(v.cosine for v in views) / count,
        sum(v.closer for v in views) / count,
    )


def turned_head(view: Relief) -> Advice | None:
    """The direction in which a head has turned. None for a plane, or for a face too flat at this foreshortening.

    A nose of height h at turn t has parallax h · tan t. The plane is foreshortened by cos t. So h is at least parallax
    / tan(arccos(foreshortening)).
    """
    if abs(view.x) < PARALLAX_MIN or _height_is_below(view, RELIEF_MIN):
        return None
    return Advice.TURN_LEFT if view.x > 0 else Advice.TURN_RIGHT


def turned_plane(view: Relief) -> bool:
    """True if a face turned and its nose shows no height."""
    return view.cosine <= PLANE_TURNED_COSINE and _height_is_below(view, RELIEF_MIN / 2)


def _height_is_below(view: Relief, height: float) -> bool:
    parallax_square, cosine_square = view.x**2 + view.y**2, view.cosine**2
    return parallax_square * cosine_square < height**2 * (1 - cosine_square)
