"""Treat the photos as one site: who is marked as a look-alike, and what self-calibration would propose."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from edge.core.domain import Candidate, Identification, Sight
from edge.matcher.gallery.look_alikes import look_alike_min, look_alikes
from edge.matcher.gallery.threshold import choose_threshold
from edge.matcher.score_monitor.score_history import ScoreHistory
from edge.matcher.score_monitor.site_threshold import correction, site_tail
from edge.matcher.weights.manifest import ImpostorTail
from edge.tools.evaluation.attempts import Faces, Trials, gallery_of
from edge.tools.evaluation.rates import fpir

WRONG_BY = 0.05
"""How much too low the pack's threshold is assumed to be, to test self-calibration."""
_DAY = date(2026, 1, 5)


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """`photos` enrolled of each of `workers`; `score_min` is the score from which two are look-alikes.

    `marked` is the number of look-alikes; `nearest` is the highest score of any two.
    """

    photos: int
    workers: int
    threshold: float
    score_min: float
    marked: int
    nearest: float


@dataclass(frozen=True, slots=True)
class SelfCalibration:
    """The threshold that the runner-ups of these `workers` ask for, its standard error, and the correction proposed.

    `wrong`: FPIR of strangers if the pack's threshold were WRONG_BY too low; `righted`: after the correction proposed
    then.
    """

    workers: int
    threshold: float
    standard_error: float
    correction: float
    wrong: float
    righted: float


def marked_look_alikes(faces: Faces, photos: int, tail: ImpostorTail, fpir_target: float) -> LookAlikes:
    """Mark look-alikes with this number of photos of everybody who has them."""
    gallery = gallery_of(faces, photos)
    choice = choose_threshold(tail, gallery, fpir_target)
    threshold = choice.threshold
    score_min = look_alike_min(choice.tail, gallery.size, threshold, fpir_target)
    nearest = max((c.score for c in look_alikes(gallery, -1.0).values()), default=0.0)
    return LookAlikes(photos, gallery.size, threshold, score_min, len(look_alikes(gallery, score_min)), nearest)


def self_calibration(
    trials: Trials, faces: Faces, threshold: float, fpir_target: float, tail: ImpostorTail
) -> SelfCalibration | None:
    """Simulate that everybody enrolled passes on one day, in one approach each; None if they are too few.

    The runner-up of a recognised person is the best score with the own template left out.
    """
    history = ScoreHistory("evaluation")
    names, first = np.unique(trials.non_mated_person, return_index=True)
    for number, (name, at) in enumerate(zip(names.tolist(), first.tolist(), strict=True), start=1):
        if name in faces.people:
            seen = Candidate(name, 1.0)
            history.add(
                Identification(Sight.KNOWN, number, seen, runner_up=float(trials.non_mated[at])),
                len(faces.people),
                _DAY,
            )
    history.add(Identification(Sight.NOBODY), len(faces.people), _DAY)
    found = site_tail(history.days, len(faces.people), fpir_target, _DAY + timedelta(days=1), tail.scale)
    if found is None:
        return None
    low = threshold - WRONG_BY
    righted = low + correction(low, found)
    return SelfCalibration(
        workers=found.workers,
        threshold=found.threshold,
        standard_error=found.standard_error,
        correction=correction(threshold, found),
        wrong=fpir(trials, low),
        righted=fpir(trials, righted),
    )
