"""The passive liveness check, and the challenge together with it.

The network is one weak signal: it may raise a doubt, and it never proves a person. "Doubt" below is a median score
below `passive_live_min` over the last frames of this approach:

mode                | no doubt                    | doubt
--------------------|-----------------------------|----------------------------------------------------
advisory            | what the movement showed    | doubtful
challenge_on_doubt  | what the movement showed    | asked to turn despite any movement; the answer counts
required            | the answer counts           | doubtful, despite any answer
"""

import statistics
from collections import deque
from dataclasses import replace
from pathlib import Path

from contract.messages import LivenessVerdict
from edge.core.config import LivenessConfig, MatcherConfig
from edge.core.domain import Face, Image
from edge.matcher.liveness.challenge import ChallengeCheck, LivenessCheck, LivenessResult, NoLivenessCheck
from edge.matcher.liveness.parallax import nose_offset
from edge.matcher.liveness.passive import LiveScorer, open_passive

FRAMES = 5
"""The last frames of an approach are judged together. Their median keeps one odd frame from deciding."""

TURN_MAX = 0.2
"""Offset of the nose from the middle of the eyes, in eye distances (about 28°).

The network knows faces that look at the camera. A person who follows a challenge does not.
"""


class PassiveCheck:
    """Implements `LivenessCheck` with the network alone: doubtful or not checked, never live. Asks for nothing."""

    def __init__(self, scorer: LiveScorer, live_min: float) -> None:
        self._scorer, self._live_min = scorer, live_min
        self._approach = 0
        self._scores: deque[float] = deque(maxlen=FRAMES)

    def add_frame(self, approach: int, at_s: float, face: Face, image: Image) -> None:
        self._turn_to(approach)
        if abs(nose_offset(face.landmarks)) > TURN_MAX:
            return
        try:
            self._scores.append(self._scorer.score(image, face))
        except ValueError:  # a box outside the frame is ignored
            return

    def result(self, approach: int, at_s: float, named: bool) -> LivenessResult:
        self._turn_to(approach)
        if not self._scores:
            return LivenessResult()
        score = statistics.median(self._scores)
        verdict = LivenessVerdict.DOUBTFUL if score < self._live_min else LivenessVerdict.NOT_CHECKED
        return LivenessResult(verdict, passive=score)

    def _turn_to(self, approach: int) -> None:
        if approach != self._approach:
            self._approach = approach
            self._scores.clear()


class CombinedCheck:
    """Combines challenge and network by the table above."""

    def __init__(self, active: ChallengeCheck, passive: PassiveCheck) -> None:
        self._active, self._passive = active, passive

    def add_frame(self, approach: int, at_s: float, face: Face, image: Image) -> None:
        self._active.add_frame(approach, at_s, face, image)
        self._passive.add_frame(approach, at_s, face, image)

    def result(self, approach: int, at_s: float, named: bool) -> LivenessResult:
        passive = self._passive.result(approach, at_s, named)
        doubted = passive.verdict is LivenessVerdict.DOUBTFUL
        return replace(self._active.result(approach, at_s, named, doubted), passive=passive.passive)


def open_liveness(config: LivenessConfig, matcher: MatcherConfig, models_dir: Path) -> LivenessCheck:
    """Open the check that the configuration asks for. Raises ModelError if the network's weight is needed and
    missing."""
    if config.in_force == "off":
        return NoLivenessCheck()
    active = ChallengeCheck(config)
    if not config.passive:
        return active
    return CombinedCheck(active, PassiveCheck(open_passive(matcher, models_dir), config.passive_live_min))
