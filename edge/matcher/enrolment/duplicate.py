"""Check an enrolment. Is the person on the roster under another id, or not the worker it claims to be?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edge.core.domain import Candidate, Template, Vector


class GallerySearch(Protocol):
    """What `edge.matcher.pipeline.FaceMatcher` does for this check."""

    @property
    def threshold(self) -> float:
        """The score that a candidate of the loaded gallery must have."""

    def load(self, gallery: Sequence[tuple[str, Template]], /) -> object: ...

    def search(self, vector: Vector, /) -> Candidate | None: ...


@dataclass(frozen=True, slots=True)
class EnrolmentConflict:
    """What contradicts an enrolment.

    `score` is at or above `threshold` for another worker (`worker_id`). It is below when the enrolled templates of the
    same worker do not match.
    """

    worker_id: str
    same_worker: bool
    score: float
    threshold: float

    def __str__(self) -> str:
        if self.same_worker:
            return (
                f"this is not the face that worker {self.worker_id} is enrolled with "
                f"(score {self.score:.2f} < {self.threshold:.2f}): check the id"
            )
        return (
            f"this face is already enrolled as worker {self.worker_id} "
            f"(score {self.score:.2f} ≥ {self.threshold:.2f}): check the id, and whether this person has two"
        )


def find_conflict(
    matcher: GallerySearch, roster: Sequence[tuple[str, Template]], worker_id: str, new: Sequence[Template]
) -> EnrolmentConflict | None:
    """Compare the `new` templates of one worker with the whole roster, by the matcher's own scores and threshold.

    Another worker conflicts when any new template matches; the worker's own templates when none does. Templates of
    another model are ignored. Uses the matcher's gallery, and leaves it empty.
    """
    other = _nearest(matcher, [(owner, t) for owner, t in roster if owner != worker_id], new)
    other_min = matcher.threshold
    own = _nearest(matcher, [(owner, t) for owner, t in roster if owner == worker_id], new)
    own_min = matcher.threshold
    matcher.load(())
    if other and other.score >= other_min:
        return EnrolmentConflict(other.worker_id, False, other.score, other_min)
    if own and own.score < own_min:
        return EnrolmentConflict(worker_id, True, own.score, own_min)
    return None


def _nearest(
    matcher: GallerySearch, gallery: Sequence[tuple[str, Template]], probes: Sequence[Template]
) -> Candidate | None:
    """Find the best candidate of all probes. The matcher keeps this gallery, and so its threshold."""
    matcher.load(gallery)
    found = [candidate for probe in probes if (candidate := matcher.search(probe.vector))]
    return max(found, key=lambda candidate: candidate.score, default=None)
