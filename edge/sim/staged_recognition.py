"""Simulate camera and matcher by a given view, for stories about the gate without recognition."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from contract.messages import Advice, LivenessVerdict
from edge.core.config import MatcherConfig
from edge.core.domain import (
    CameraStatus,
    Candidate,
    Frame,
    Identification,
    Image,
    Incident,
    QualityFault,
    Recognition,
    Sight,
    Template,
)
from edge.core.ports import Clock

MODEL_ID = "staged/matcher/1"
THRESHOLD = 0.45
KNOWN_SCORE, UNKNOWN_SCORE = 0.72, 0.21

Picture = Callable[[float], Image]
"""The camera's picture at a monotonic time."""


class StagedCamera:
    """Implements `edge.core.ports.Camera`. `wait` lets time pass, and then has a frame unless the camera is `lost`."""

    def __init__(
        self, clock: Clock, let_pass: Callable[[float], None], rate_hz: float, picture: Picture | None
    ) -> None:
        self._clock, self._let_pass, self._rate_hz = clock, let_pass, rate_hz
        self._picture = picture or (lambda _: np.zeros((4, 4, 3), np.uint8))
        self.lost = False

    def start(self) -> None:
        """Nothing to open."""

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        if self.lost:
            self._let_pass(timeout_s)
            return None
        self._let_pass(1 / self._rate_hz)
        now_s = self._clock.monotonic()
        return Frame(self._picture(now_s), now_s, after + 1)

    def status(self) -> CameraStatus:
        if self.lost:
            return CameraStatus(False, "no picture: the cable is out")
        return CameraStatus(True, "staged camera", self._rate_hz)

    def close(self) -> None:
        """Nothing to release."""


@dataclass(frozen=True, slots=True)
class View:
    """The person in front of the camera, and how well they can be seen.

    `person`: None is an empty lane. `known`: the gallery has them. `sight`: why they cannot be recognised at the
    moment; None if they can.
    """

    person: str | None = None
    known: bool = False
    sight: Sight | QualityFault | None = None
    score: float | None = None
    look_alike: str | None = None
    liveness: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    challenge: Advice | None = None


class StagedMatcher:
    """Implements `edge.core.ports.Matcher`: votes and approaches as the real one, from the `view` instead of the
    picture."""

    model_id = MODEL_ID
    threshold = THRESHOLD

    def __init__(self, config: MatcherConfig) -> None:
        self._config = config
        self.view = View()
        self.failure: Exception | None = None
        self.gallery_size = 0
        self._approach, self._person = 0, ""
        self._seen_s = float("-inf")
        self._votes, self._usable_since_s = 0, 0.0

    def identify(self, frame: Frame) -> Identification:
        """Raise `failure`, if it is set."""
        if self.failure is not None:
            raise self.failure
        view, now_s = self.view, frame.monotonic_s
        gone = now_s - self._seen_s >= self._config.approach_gap_ms / 1000
        if view.person is None:
            return Identification(Sight.NOBODY, 0 if gone else self._approach)
        if gone or view.person != self._person:
            self._approach, self._person, self._votes = self._approach + 1, view.person, 0
        self._seen_s = now_s
        if view.sight is not None:
            self._votes = 0
            return Identification(view.sight, self._approach)
        if self._votes == 0:
            self._usable_since_s = now_s
        self._votes += 1
        return self._identification(view)

    def load(self, templates: Sequence[tuple[str, Template]]) -> None:
        self.gallery_size = len(templates)

    def survey(self) -> dict[str, Candidate] | None:
        """Return no look-alikes; only the view has them."""
        return {}

    def notices(self) -> list[Incident]:
        """Return no notices: scores are not counted."""
        return []

    @property
    def recognition(self) -> Recognition:
        return Recognition(workers=self.gallery_size, fpir_target=self._config.fpir_target, tail="config")

    def _identification(self, view: View) -> Identification:
        config = self._config
        needed = config.votes_needed if view.known else config.votes_window
        sight = Sight.LOOKING if self._votes < needed else Sight.KNOWN if view.known else Sight.UNKNOWN
        score = view.score if view.score is not None else KNOWN_SCORE if view.known else UNKNOWN_SCORE
        return Identification(
            sight=sight,
            approach=self._approach,
            candidate=Candidate(self._person, score),
            threshold=THRESHOLD,
            frames=min(self._votes, needed),
            usable_since_s=self._usable_since_s,
            look_alike=view.look_alike if sight is Sight.KNOWN else None,
            liveness=view.liveness,
            challenge=view.challenge if sight is Sight.KNOWN else None,
        )
