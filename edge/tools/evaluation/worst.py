"""The photos that were missed or mistaken, for a person to look at. Only on request: the report then shows faces."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.tools.evaluation.attempts import Faces, gallery_of
from edge.tools.evaluation.cache import Look
from edge.tools.evaluation.photos import Photo
from edge.tools.evaluation.result import usable_faces


@dataclass(frozen=True, slots=True)
class Case:
    path: Path
    caption: str


def worst_cases(photos: Sequence[Photo], looks: Sequence[Look], count: int) -> list[Case]:
    """Half of them mated probes with the lowest score against their own person, half strangers with the highest best score."""
    faces: Faces = usable_faces(photos, looks, gated=True)
    gallery = gallery_of(faces, 1)
    row_of = {name: row for row, name in enumerate(gallery.worker_ids)}
    low, high = [], []
    seen: set[str] = set()
    for photo, look in zip(photos, looks, strict=True):
        if look.vector is None or look.problem:
            continue
        scores = gallery.matrix @ gallery.centering.apply(look.vector)
        if photo.stranger:
            best = int(np.argmax(scores))
            high.append(
                (-float(scores[best]), Case(photo.path, f"stranger, {scores[best]:.3f} as {gallery.worker_ids[best]}"))
            )
        elif photo.person in seen:
            own = float(scores[row_of[photo.person]])
            low.append((own, Case(photo.path, f"{photo.person}, own score {own:.3f}, best of all {scores.max():.3f}")))
        seen.add(photo.person)
    ordered = [[case for _, case in sorted(part, key=lambda entry: entry[0])] for part in (low, high)]
    return ordered[0][: count - count // 2] + ordered[1][: count // 2]
