"""Presentation attack detection (ISO/IEC 30107): whether a person, or a picture of one, is in front of the gate."""

import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from contract.messages import Advice, LivenessVerdict
from edge.core.config import LivenessConfig
from edge.core.domain import Face, Image, Points
from edge.matcher.liveness.parallax import Reference, Relief, turn

PARALLAX_MIN = 0.13
"""Of the nose against the plane of eyes and mouth, in eye distances, from which a head has turned: about 18°."""
RELIEF_MIN = 0.26
"""Height of the nose that the parallax must amount to at the foreshortening seen, in eye distances. A head has about
0.4; a photo bent around a bottle 0.1 to 0.2."""
JUMP_MAX = 0.12
"""Parallax from one frame to the next that no turning head reaches: one photo was swapped for another."""
CLOSER_MIN = 1.15
"""Growth of the face from which a person has come closer."""
STRAIGHT_MAX = 0.12
"""A face whose nose is nearer than this to the middle of the eyes looks at the camera."""
STEADY_MAX = 0.08
"""The nose may wander this much while the reference is taken."""
PLANE_TURNED_COSINE = 0.9
"""Foreshortening (26°) from which a plane without parallax is doubtful though nothing was asked."""
LOST_S = 1.0
"""Turned so far that the face is not seen for so long: look at the camera again."""
REFERENCE_VIEWS = 5
WINDOW = 3
"""Frames that are averaged: landmarks tremble by one or two per cent of the eye distance."""

TURNS = (Advice.TURN_LEFT, Advice.TURN_RIGHT)
CHALLENGES = (*TURNS, Advice.COME_CLOSER)
Draw = Callable[[Sequence[Advice]], Advice]


@dataclass(frozen=True, slots=True)
class Finding:
    """`challenge` is what the person must be told now; while it is set, `verdict` is not yet the last word.

    `score` is the largest parallax seen that a head may have caused, in eye distances, 0 = none. `passive` is how live the
    face looks to the passive network, 0-1; None if it was not asked.
    """

    verdict: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    score: float = 0.0
    challenge: Advice | None = None
    passive: float | None = None


class Liveness(Protocol):
    def see(self, approach: int, at_s: float, face: Face, image: Image) -> None:
        """One face of this approach, usable or turned away, in its BGR frame; frame time in monotonic seconds."""

    def finding(self, approach: int, at_s: float, named: bool) -> Finding:
        """What is known now. `named`: the vote has named somebody, so a challenge is worth the person's time."""


class NotChecked:
    """Looks at nothing and says so: events then carry `not_checked`, never a pretended `live`."""

    def see(self, approach: int, at_s: float, face: Face, image: Image) -> None:
        pass

    def finding(self, approach: int, at_s: float, named: bool) -> Finding:
        return Finding()


@dataclass(slots=True, eq=False)
class _Visit:
    """What one approach has shown. `asked` is the challenge still to be met, the first of `left`."""

    number: int
    left: list[Advice] = field(default_factory=list)
    started_s: float | None = None
    seen_s: float = 0.0
    verdict: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    score: float = 0.0
    straight: deque[Points] = field(default_factory=lambda: deque(maxlen=REFERENCE_VIEWS))
    reference: Reference | None = None
    recent: deque[Relief] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def start_over(self) -> None:
        """Take the reference afresh: the person must look at the camera first."""
        self.straight.clear()
        self.recent.clear()
        self.reference = None


class Planarity:
    """The nose's parallax over time, by itself or as the answer to a challenge drawn anew for each approach.

    Modes (`LivenessConfig.mode`): "advisory" never asks; "required" asks everybody who is named; "challenge_on_doubt"
    asks those whose natural movement has not shown a head before they are named. A challenge is one to four steps; each
    begins with a straight look, and ends with the step done (live, after the last), another thing done, or the time
    over (both doubtful, and final for this approach).
    """

    def __init__(self, config: LivenessConfig, draw: Draw = secrets.choice) -> None:
        self._config, self._draw = config, draw
        self._visit = _Visit(0)

    def see(self, approach: int, at_s: float, face: Face, image: Image) -> None:
        landmarks = face.landmarks
        visit = self._of(approach)
        visit.seen_s = at_s
        try:
            if visit.reference is None:
                self._look_straight(visit, landmarks)
            else:
                self._compare(visit, visit.reference.compare(landmarks))
        except ValueError:  # a degenerate view says nothing
            return

    def finding(self, approach: int, at_s: float, named: bool, doubted: bool = False) -> Finding:
        """As the port says. `doubted`: another check takes the face for a picture. Only the challenge of mode
        "challenge_on_doubt", once it was put, overrules that."""
        visit = self._of(approach)
        if named and self._asks(visit, doubted):
            if visit.started_s is None:
                self._start(visit, at_s)
            elif at_s - visit.started_s > self._config.challenge_limit_ms / 1000:
                self._end(visit, LivenessVerdict.DOUBTFUL)
        if visit.left and at_s - visit.seen_s > LOST_S:
            visit.start_over()
        challenge = None
        if visit.left:
            challenge = Advice.LOOK_AT_CAMERA if visit.reference is None else visit.left[0]
        overruled = self._config.mode == "challenge_on_doubt" and visit.started_s is not None
        doubtful = doubted and challenge is None and not overruled
        return Finding(LivenessVerdict.DOUBTFUL if doubtful else visit.verdict, visit.score, challenge)

    def _of(self, approach: int) -> _Visit:
        if approach != self._visit.number:
            self._visit = _Visit(approach)
        return self._visit

    def _asks(self, visit: _Visit, doubted: bool) -> bool:
        if visit.left:
            return True
        if self._config.mode == "advisory" or visit.started_s is not None:
            return False
        return self._config.mode == "required" or doubted or visit.verdict is not LivenessVerdict.LIVE

    def _start(self, visit: _Visit, at_s: float) -> None:
        """Draw the steps. The first is a turn: only a turn shows depth."""
        steps = [self._draw(TURNS), *(self._draw(CHALLENGES) for _ in range(self._config.challenge_steps - 1))]
        visit.left, visit.started_s = steps, at_s
        visit.verdict = LivenessVerdict.NOT_CHECKED
        visit.start_over()

    def _end(self, visit: _Visit, verdict: LivenessVerdict) -> None:
        visit.left, visit.verdict = [], verdict

    def _look_straight(self, visit: _Visit, landmarks: Points) -> None:
        visit.straight.append(landmarks)
        turns = [turn(view) for view in visit.straight]
        if abs(turns[-1]) > STRAIGHT_MAX or max(turns) - min(turns) > STEADY_MAX:
            visit.straight.clear()
        elif len(turns) == REFERENCE_VIEWS:
            visit.reference = Reference.of(list(visit.straight))

    def _compare(self, visit: _Visit, now: Relief) -> None:
        if visit.recent and abs(now.x - visit.recent[-1].x) > JUMP_MAX:
            visit.start_over()
            return
        visit.recent.append(now)
        if len(visit.recent) < WINDOW:
            return
        mean = average(list(visit.recent))
        turned = turned_head(mean)
        if turned:
            visit.score = max(visit.score, abs(mean.x))
        if visit.left:
            self._answered(visit, mean, turned)
        elif visit.started_s is None:
            if turned:
                visit.verdict = LivenessVerdict.LIVE
            elif visit.verdict is LivenessVerdict.NOT_CHECKED and turned_plane(mean):
                visit.verdict = LivenessVerdict.DOUBTFUL

    def _answered(self, visit: _Visit, mean: Relief, turned: Advice | None) -> None:
        done = turned or (Advice.COME_CLOSER if mean.closer >= CLOSER_MIN else None)
        asked = visit.left[0]
        if done is asked:
            visit.left.pop(0)
            visit.start_over()
            if not visit.left:
                self._end(visit, LivenessVerdict.LIVE)
        elif turned:
            self._end(visit, LivenessVerdict.DOUBTFUL)


def average(views: list[Relief]) -> Relief:
    count = len(views)
    return Relief(
        sum(v.x for v in views) / count,
        sum(v.y for v in views) / count,
        sum(v.cosine for v in views) / count,
        sum(v.closer for v in views) / count,
    )


def turned_head(view: Relief) -> Advice | None:
    """The way a head has turned; None for a plane, or for what is too flat at the foreshortening seen.

    A nose of height h at turn t has parallax h · tan t, and the plane is foreshortened by cos t; so h is at least
    parallax / tan(arccos(foreshortening)).
    """
    if abs(view.x) < PARALLAX_MIN or _height_is_below(view, RELIEF_MIN):
        return None
    return Advice.TURN_LEFT if view.x > 0 else Advice.TURN_RIGHT


def turned_plane(view: Relief) -> bool:
    """True if something turned, and no nose came out of it."""
    return view.cosine <= PLANE_TURNED_COSINE and _height_is_below(view, RELIEF_MIN / 2)


def _height_is_below(view: Relief, height: float) -> bool:
    parallax_square, cosine_square = view.x**2 + view.y**2, view.cosine**2
    return parallax_square * cosine_square < height**2 * (1 - cosine_square)
