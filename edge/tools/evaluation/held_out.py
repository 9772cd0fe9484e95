"""Measure the gate's own threshold on people on whom it was not fitted.

The tail, with its errors, is fitted on some of the people of the photos. A gallery is drawn from the others, who then
come to it. There are many random splits. Their mean is the estimate; their spread shows how much the draw matters.
Strangers are enrolled too where a gallery needs more people than have two photos.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Template
from edge.matcher.gallery.centering import Centering
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.threshold import choose_threshold, fit_pair_tail, fit_tail
from edge.matcher.weights.manifest import ImpostorTail
from edge.tools.evaluation.attempts import Faces

FITTED_ON = 455
"""People: 103,000 pairs of them, enough for a tail."""
SIZES = (30, 100, 200, 400)
SPLITS = 40
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Galleries of `workers`: mean threshold, FPIR and FNIR with the middle 95 % of the splits. One photo, one
    frame."""

    workers: int
    threshold: float
    fpir: tuple[float, float, float]
    fnir: tuple[float, float, float]
    non_mated: int
    mated: int


@dataclass(frozen=True, slots=True, eq=False)
class _Person:
    enrolled: Vectors
    frames: Vectors
    """The first is of the enrolled photo."""


def held_out(faces: Faces, fpir_target: float, splits: int = SPLITS, seed: int = 1) -> list[HeldOut]:
    """Measure each of SIZES for which there are enough people; none if they are too few to fit a tail."""
    people = [_Person(faces.references[name][0], frames) for name, frames in faces.people.items()]
    people += [_Person(frames[0], frames[:1]) for frames in faces.strangers.values()]
    random = np.random.default_rng(seed)
    runs: dict[int, list[tuple[float, ...]]] = {}
    for _ in range(splits):
        order = random.permutation(len(people))
        fitted, rest = (np.array(order[:FITTED_ON]), np.array(order[FITTED_ON:]))
        if len(fitted) < FITTED_ON:
            return []
        tail = _tail([people[i] for i in fitted])
        for size in SIZES:
            if size < len(rest):
                drawn = [people[i] for i in rest]
                runs.setdefault(size, []).append(_tried(drawn[:size], drawn[size:], tail, fpir_target))
    return [_summed(size, np.array(found)) for size, found in runs.items()]


def _tail(people: Sequence[_Person]) -> ImpostorTail:
    """Fit the tail as `measured_tail` does for the pack, on these people alone."""
    templates, frames = np.stack([p.enrolled for p in people]), np.stack([p.frames[0] for p in people])
    centering = Centering.of(templates)
    plain = fit_tail((templates @ frames.T)[np.triu_indices(len(people), k=1)]).start
    return fit_pair_tail(centering.apply(templates) @ centering.apply(frames).T, plain)


def _tried(
    members: Sequence[_Person], others: Sequence[_Person], tail: ImpostorTail, target: float
) -> tuple[float, ...]:
    """Try one gallery: threshold; false positives and non-mated attempts; misses and mated attempts."""
    templates = [(str(i), Template(p.enrolled, "evaluation")) for i, p in enumerate(members)]
    gallery = Gallery.build(templates, "evaluation", members[0].enrolled.size)
    threshold = choose_threshold(tail, gallery, target).threshold
    row_of = {worker_id: row for row, worker_id in enumerate(gallery.worker_ids)}
    strangers = gallery.centering.apply(np.stack([p.frames[0] for p in others])) @ gallery.matrix.T
    best = [strangers.max(axis=1)]
    missed = mated = 0
    for i, person in enumerate(members):
        scores = gallery.centering.apply(person.frames) @ gallery.matrix.T
        own = scores[1:, row_of[str(i)]]
        missed += int((~((scores[1:].argmax(axis=1) == row_of[str(i)]) & (own >= threshold))).sum())
        mated += len(own)
        scores[:, row_of[str(i)]] = -1
        best.append(scores[-1:].max(axis=1))
    found = np.concatenate(best)
    return threshold, float((found >= threshold).sum()), len(found), missed, mated


def _summed(size: int, runs: NDArray[np.float64]) -> HeldOut:
    fpirs, fnirs = runs[:, 1] / runs[:, 2], runs[:, 3] / np.maximum(1, runs[:, 4])
    return HeldOut(
        workers=size,
        threshold=float(runs[:, 0].mean()),
        fpir=(float(runs[:, 1].sum() / runs[:, 2].sum()), *_middle(fpirs)),
        fnir=(float(runs[:, 3].sum() / max(1, runs[:, 4].sum())), *_middle(fnirs)),
        non_mated=int(runs[:, 2].sum()),
        mated=int(runs[:, 4].sum()),
    )


def _middle(shares: NDArray[np.float64]) -> tuple[float, float]:
    low, high = np.percentile(shares, (2.5, 97.5))
    return float(low), float(high)
