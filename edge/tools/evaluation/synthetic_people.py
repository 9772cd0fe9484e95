"""Enlarge galleries beyond the photos: the rest is drawn from the distribution of the real vectors.

The drawn people are normally distributed, at unit length. Mean and covariance are those of the real people's plain
vectors (one each). Their scores with real faces have about the same spread and tail as those of real strangers
(docs/ACCURACY.md gives both). So the rates show the effect of size alone. They show nothing of a site whose people
resemble each other more than the public of the photos.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edge.matcher.gallery.gallery import Gallery
from edge.tools.evaluation.attempts import Attempt, Faces, Trials

BLOCK = 5_000


def drawn_people(faces: Faces, count: int, random: np.random.Generator) -> NDArray[np.float32]:
    """Draw plain unit vectors of people who do not exist, (count, dimension)."""
    real = np.stack([v[0] for v in (*faces.people.values(), *faces.strangers.values())]).astype(np.float64)
    mean = real.mean(axis=0)
    _, spread, axes = np.linalg.svd(real - mean, full_matrices=False)
    scale = spread / np.sqrt(max(1, len(real) - 1))
    vectors = mean + (random.standard_normal((count, len(scale))) * scale) @ axes
    unit: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def padded(
    gallery: Gallery, attempts: Sequence[Attempt], trials: Trials, faces: Faces, size: int, seed: int = 1
) -> Trials:
    """Recompute `trials` of `attempts` at `gallery` after people are drawn until it holds `size`."""
    random = np.random.default_rng(seed)
    best = np.full(len(attempts), -1.0)
    probes = gallery.centering.apply(np.stack([a.vector for a in attempts]))
    missing = size - gallery.size
    while missing > 0:
        count = min(BLOCK, missing)
        others = gallery.centering.apply(drawn_people(faces, count, random))
        best = np.maximum(best, (probes @ others.T).max(axis=1))
        missing -= count
    mated = np.array([a.mated for a in attempts])
    return replace(
        trials,
        mated=np.maximum(trials.mated, best[mated]),
        right=trials.right & (trials.mated >= best[mated]),
        non_mated=np.maximum(trials.non_mated, best[~mated]),
    )
