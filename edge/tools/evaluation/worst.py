"""Find the photos that were missed or mistaken, for a person to look at. Only on request: the report then shows
faces."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.tools.evaluation.attempts import Faces, gallery_of
from edge.tools.evaluation.measurement import usable_faces
from edge.tools.evaluation.observation_cache import Observation
from edge.tools.evaluation.photos import EvaluationPhoto


@dataclass(frozen=True, slots=True)
class WorstCase:
    path: Path
    caption: str


def worst_cases(photos: Sequence[EvaluationPhoto], observations: Sequence[Observation], count: int) -> list[WorstCase]:
    """Choose mated probes with the lowest score against their own person, and strangers with the highest best score."""
    faces: Faces = usable_faces(photos, observations, gated=True)
    gallery = gallery_of(faces, 1)
    row_of = {name: row for row, name in enumerate(gallery.worker_ids)}
    low, high = [], []
    seen: set[str] = set()
    for photo, observation in zip(photos, observations, strict=True):
        if observation.vector is None or observation.problem:
            continue
        scores = gallery.matrix @ gallery.centering.apply(observation.vector)
        if photo.stranger:
            best = int(np.argmax(scores))
            high.append(
                (
                    -float(scores[best]),
                    WorstCase(photo.path, f"stranger, {scores[best]:.3f} as {gallery.worker_ids[best]}"),
                )
            )
        elif photo.person in seen:
            own = float(scores[row_of[photo.person]])
            low.append(
                (own, WorstCase(photo.path, f"{photo.person}, own score {own:.3f}, best of all {scores.max():.3f}"))
            )
        seen.add(photo.person)
    ordered = [[case for _, case in sorted(part, key=lambda entry: entry[0])] for part in (low, high)]
    return ordered[0][: count - count // 2] + ordered[1][: count // 2]
