"""Ports of camera and matcher."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from edge.core.domain import CameraStatus, Candidate, Frame, Identification, Incident, Recognition, Template
from edge.core.score_counts import DayScores


class Camera(Protocol):
    """A source of frames with its own capture thread. Only the newest frame is kept."""

    def start(self) -> None: ...

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        """Return the newest frame with a number above `after`, waiting at most `timeout_s`. None if there is none or
        it is stale."""

    def status(self) -> CameraStatus: ...

    def close(self) -> None:
        """Stop and release the camera. May be called twice."""


class Preview(Protocol):
    """The picture of the person who approaches, for the display in the lane. It never raises, and never waits."""

    def show(self, frame: Frame) -> None:
        """Offer a frame to be shown."""

    def hide(self) -> None:
        """Show no picture any more."""

    def close(self) -> None:
        """Remove the picture. May be called twice."""


class Matcher(Protocol):
    model_id: str

    def identify(self, frame: Frame) -> Identification:
        """Identify the person in the lane, by this frame and the ones before."""

    def load(self, templates: Sequence[tuple[str, Template]]) -> None:
        """Replace the gallery. Templates of another model are left out, never compared."""

    def survey(self) -> Mapping[str, Candidate] | None:
        """Do one bounded step of comparing all workers with one another.

        Return None until it is complete. Then return the nearest look-alike by worker id, for every worker who has one.
        """

    def notices(self) -> Sequence[Incident]:
        """Return notices from its own scores: a proposed threshold, a drift. The caller journals each `ref` once."""

    @property
    def recognition(self) -> Recognition:
        """What the threshold depends on."""

    @property
    def gallery_size(self) -> int:
        """Number of templates that can be matched now."""

    @property
    def threshold(self) -> float:
        """The score from which a candidate counts, for the present gallery."""


class ScoreCountStore(Protocol):
    """Keeps the counts of scores across restarts. It never raises: recognition works without them."""

    def days(self) -> list[DayScores]:
        """Return all days kept, oldest first."""

    def save(self, day: DayScores) -> None:
        """Store this day's counts in place of its earlier ones, and forget days that are no longer needed."""
