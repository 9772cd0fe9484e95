"""What all faces have in common says nothing about who somebody is: it is taken out before two faces are compared.

The vectors of an embedder do not lie evenly around zero; they share a mean direction that adds to every score, and differently
at every site (its people, its light). A site takes the mean of its own gallery: no labels, no photos, nobody else's data.
A small gallery's mean is mostly chance, so it is believed in proportion: weight = n / (n + PRIOR_WORKERS).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Vector

PRIOR_WORKERS = 30
"""A gallery of so many workers has half its mean taken out; with 461 people the best choice is flat from 20 to 60."""


def centering_weight(workers: int) -> float:
    """How much of its mean, 0-1, a gallery of so many workers has taken out."""
    return workers / (workers + PRIOR_WORKERS)


Vectors = NDArray[np.float32]
"""(n, dimension), a unit vector per row."""


@dataclass(frozen=True, slots=True, eq=False)
class Centering:
    """`centre` (dimension,) is subtracted from every vector; `weight` 0-1 is how much of the gallery's mean that is."""

    centre: Vector
    weight: float

    @classmethod
    def of(cls, vectors: Vectors) -> "Centering":
        """The calibration of a gallery, one vector per worker; none of its rows changes it by more than 1 / (n + PRIOR_WORKERS)."""
        count = len(vectors)
        total = vectors.sum(axis=0, dtype=np.float64)
        return cls((total / (count + PRIOR_WORKERS)).astype(np.float32), centering_weight(count))

    def apply(self, vectors: Vectors) -> Vectors:
        """Unit vectors without what is common; one that *is* the centre keeps its own direction."""
        moved = vectors - self.centre
        norms = np.linalg.norm(moved, axis=-1, keepdims=True)
        centred: Vectors = np.where(norms > 1e-6, moved / np.maximum(norms, 1e-6), vectors).astype(np.float32)
        return centred

    def undo(self, vectors: Vectors) -> Vectors:
        """The unit vectors that `apply` made these of: centre + t · vector, with t > 0 such that its length is 1. Needs a
        centre shorter than 1; the nearer to it, the more rounding shows."""
        along = vectors @ self.centre
        length = np.sqrt(np.square(along) + np.float32(1 - self.centre @ self.centre)) - along
        undone: Vectors = self.centre + length[:, np.newaxis] * vectors
        return undone


def fuse_templates(vectors: Vectors) -> Vector:
    """The direction of several looks at one person, (dimension,), unit length; the first if they cancel out."""
    total = vectors.sum(axis=0, dtype=np.float64)
    norm = float(np.linalg.norm(total))
    direction: Vector = (total / norm).astype(np.float32) if norm > 1e-6 else vectors[0]
    return direction


def fuse_template_groups(vectors: Vectors, starts: NDArray[np.intp]) -> Vectors:
    """`fuse_templates` of each run of rows that begins at one of `starts` (ascending, the first 0): (len(starts), dimension)."""
    if len(starts) == len(vectors):
        return vectors
    sizes = np.diff(np.append(starts, len(vectors)))
    totals = vectors[starts].astype(np.float64)
    for place in range(1, int(sizes.max())):
        longer = sizes > place
        totals[longer] += vectors[starts[longer] + place]
    norms = np.linalg.norm(totals, axis=1, keepdims=True)
    as_it_is = (sizes == 1)[:, np.newaxis] | (norms <= 1e-6)
    fused: Vectors = np.where(as_it_is, vectors[starts], totals / np.maximum(norms, 1e-6)).astype(np.float32)
    return fused
