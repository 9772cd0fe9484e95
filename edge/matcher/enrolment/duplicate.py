"""Check an enrolment. Is the person on the roster under another id, or not the worker it claims to be?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from edge.core.domain import Candidate, Template, Vector
from edge.matcher.gallery.gallery import Gallery

_NEW = "\0new "
"""Marks the owner of a new template in the gallery of held and new ones. No id begins so."""


class GallerySearch(Protocol):
    """What `edge.matcher.pipeline.FaceMatcher` does for this check."""

    @property
    def threshold(self) -> float:
        """The score that a candidate of the loaded gallery must have."""

    def load(self, gallery: Sequence[tuple[str, Template]], /) -> object: ...

    def search(self, vector: Vector, /) -> Candidate | None: ...


class LoadedGallery(GallerySearch, Protocol):
    """The same, with the gallery itself."""

    @property
    def gallery(self) -> Gallery:
        """The loaded gallery."""


@dataclass(frozen=True, slots=True)
class EnrolmentConflict:
    """What contradicts an enrolment.

    `score` is at or above `threshold` for another worker (`worker_id`). It is below when the enrolled templates of the
    same worker do not match. `other_is_new`: the other worker's templates are not enrolled yet either.
    """

    worker_id: str
    same_worker: bool
    score: float
    threshold: float
    other_is_new: bool = False

    def __str__(self) -> str:
        if self.same_worker:
            return (
                f"this is not the face that worker {self.worker_id} is enrolled with "
                f"(score {self.score:.2f} < {self.threshold:.2f}): check the id"
            )
        where = "also on the photos of" if self.other_is_new else "already enrolled as"
        return (
            f"this face is {where} worker {self.worker_id} "
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


def find_conflicts(
    matcher: LoadedGallery, held: Sequence[tuple[str, Template]], new: Mapping[str, Sequence[Template]]
) -> dict[str, EnrolmentConflict]:
    """Do the same for many workers at once: compare each with all held templates and with all other new ones.

    One gallery serves all, so thousands of workers take seconds. Leaves the matcher's gallery empty.
    """
    matcher.load([*held, *((_NEW + who, template) for who, templates in new.items() for template in templates)])
    gallery, other_min = matcher.gallery, matcher.threshold
    owners = np.array([who.removeprefix(_NEW) for who in gallery.worker_ids], dtype=object)
    found = {}
    for who, templates in new.items():
        others = np.flatnonzero(owners != who)
        if not len(others):
            continue
        probes = np.stack([gallery.centering.apply(template.vector) for template in templates])
        scores = (gallery.matrix @ probes.T).max(axis=1)[others]
        best = int(np.argmax(scores))
        if scores[best] >= other_min:
            row = int(others[best])
            is_new = gallery.worker_ids[row].startswith(_NEW)
            found[who] = EnrolmentConflict(owners[row], False, float(scores[best]), other_min, is_new)
    own: dict[str, list[tuple[str, Template]]] = {}
    for who, template in held:
        if who in new and who not in found:
            own.setdefault(who, []).append((who, template))
    for who, templates_held in own.items():
        nearest = _nearest(matcher, templates_held, new[who])
        if nearest and nearest.score < matcher.threshold:
            found[who] = EnrolmentConflict(who, True, nearest.score, matcher.threshold)
    matcher.load(())
    return found
