"""Remove what all faces have in common before two faces are compared: it says nothing about identity.

The vectors of an embedder do not lie evenly around zero. They share a mean direction that adds to every score, and
differs between sites (people, light). A site uses the mean of its own gallery: no labels, no photos, no data of others.
A small gallery's mean is mostly chance, so it is weighted: weight = n / (n + PRIOR_WORKERS).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Vector

PRIOR_WORKERS = 30
"""A gallery of this many workers has half its mean removed. With 461 people the best choice is flat from 20 to 60."""


def centering_weight(workers: int) -> float:
    """The part 0-1 of its mean that a gallery of `workers` has removed."""
    return workers / (workers + PRIOR_WORKERS)


Vectors = NDArray[np.float32]
"""(n, dimension), a unit vector per row."""


@dataclass(frozen=True, slots=True, eq=False)
class Centering:
    """`centre` (dimension,) is subtracted from every vector; `weight` 0-1 is the part of the gallery's mean that it
    is."""

    centre: Vector
    weight: float

    @classmethod
    def of(cls, vectors: Vectors) -> "Centering":
        """Compute the centering of a gallery, one vector per worker. No row changes it by more than 1 / (n +
        PRIOR_WORKERS)."""
        count = len(vectors)
        total = vectors.sum(axis=0, dtype=np.float64)
        return cls((total / (count + PRIOR_WORKERS)).astype(np.float32), centering_weight(count))

    def apply(self, vectors: Vectors) -> Vectors:
        """Centre unit vectors. A vector that equals the centre keeps its own direction."""
        moved = vectors - self.centre
        norms = np.linalg.norm(moved, axis=-1, keepdims=True)
        centred: Vectors = np.where(norms > 1e-6, moved / np.maximum(norms, 1e-6), vectors).astype(np.float32)
        return centred

    def undo(self, vectors: Vectors) -> Vectors:
        """Recover the unit vectors that `apply` centred: centre + t · vector, where t > 0 gives length 1.

        Needs a centre shorter than 1. The nearer to 1, the larger the rounding error.
        """
        along = vectors @ self.centre
        length = np.sqrt(np.square(along) + np.float32(1 - self.centre @ self.centre)) - along
        undone: Vectors = self.centre + length[:, np.newaxis] * vectors
        return undone


def fuse_templates(vectors: Vectors) -> Vector:
    """Fuse several vectors of one person, (dimension,), unit length; the first if they cancel out."""
    total = vectors.sum(axis=0, dtype=np.float64)
    norm = float(np.linalg.norm(total))
    direction: Vector = (total / norm).astype(np.float32) if norm > 1e-6 else vectors[0]
    return direction


def fuse_template_groups(vectors: Vectors, starts: NDArray[np.intp]) -> Vectors:
    """Apply `fuse_templates` to each run of rows. Returns (len(starts), dimension).

    `starts` holds the first row of each run, ascending, the first 0.
    """
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
