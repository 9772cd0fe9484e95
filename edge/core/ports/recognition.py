"""Ports of camera and matcher."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from edge.core.domain import CameraStatus, Candidate, Frame, Identification, Incident, Recognition, Template
from edge.core.score_counts import DayScores


class Camera(Protocol):
    """A source of frames with a capture thread of its own; only the newest frame is kept."""

    def start(self) -> None: ...

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        """The newest frame with a number above `after`, waiting at most `timeout_s`; None if there is none or it is stale."""

    def status(self) -> CameraStatus: ...

    def close(self) -> None:
        """Stop and release; may be called twice."""


class Matcher(Protocol):
    model_id: str

    def identify(self, frame: Frame) -> Identification:
        """What this frame and the ones before it say of the person in the lane."""

    def load(self, templates: Sequence[tuple[str, Template]]) -> None:
        """Replace the gallery. Templates of another model are left out, never compared."""

    def survey(self) -> Mapping[str, Candidate] | None:
        """One bounded step of comparing all workers of the gallery with one another. None until it is complete, then
        by worker id the nearest look-alike of every worker who has one."""

    def notices(self) -> Sequence[Incident]:
        """What its own scores tell: a proposed threshold, a drift. The caller journals each `ref` once."""

    @property
    def recognition(self) -> Recognition:
        """What the threshold rests on."""

    @property
    def gallery_size(self) -> int:
        """Templates that can be matched now."""

    @property
    def threshold(self) -> float:
        """The score from which a candidate counts, for the present gallery."""


class ScoreCountStore(Protocol):
    """Keeps the counts of scores across restarts. It never raises: without them the gate recognises as before."""

    def days(self) -> list[DayScores]:
        """All days kept, oldest first."""

    def save(self, day: DayScores) -> None:
        """Keep this day's counts in place of its earlier ones, and forget days that are no longer needed."""
