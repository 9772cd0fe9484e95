"""Compute all figures from what was observed in the photos."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.core.config import FPIR_TARGET
from edge.matcher.gallery.centering import Centering
from edge.matcher.gallery.gallery import Gallery
from edge.matcher.gallery.threshold import gallery_threshold
from edge.matcher.weights.manifest import ImpostorTail
from edge.tools.evaluation.attempts import Faces, Trials, attempts_of, compare, gallery_of, run
from edge.tools.evaluation.comparison_pairs import PairCounts, compare_all, measured_tail
from edge.tools.evaluation.held_out import held_out
from edge.tools.evaluation.observation_cache import Observation
from edge.tools.evaluation.observations import NO_FACE
from edge.tools.evaluation.photos import EvaluationError, EvaluationPhoto
from edge.tools.evaluation.rates import Rate, det, fnir, fnir_at, fpir_at, threshold_at
from edge.tools.evaluation.result import (
    Acquisition,
    AtThreshold,
    CarryOver,
    GroupRates,
    IdentificationRates,
    Result,
    VerificationRates,
)
from edge.tools.evaluation.site import marked_look_alikes, self_calibration
from edge.tools.evaluation.synthetic_people import padded

FPIRS = (0.001, 0.003, 0.01)
FMRS = (1e-3, 1e-4, 1e-5)
PLANS = ((1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1))
"""(photos enrolled, frames fused)"""
SIZES = (1_000, 10_000, 50_000)
ORDERS = 10
HALVINGS = 5


def evaluate(
    photos: Sequence[EvaluationPhoto],
    observations: Sequence[Observation],
    pack_tail: ImpostorTail,
    model_id: str,
    groups: Mapping[str, str] | None = None,
    step: Callable[[str], None] = lambda name: None,
    fpir_target: float = FPIR_TARGET,
) -> Result:
    """Compute all figures from what was observed in the photos. `step` is called with the name of each computation.

    Raises:
        EvaluationError: too few usable faces.
    """
    faces = usable_faces(photos, observations, gated=True)
    step("1:N")
    trials = run(faces)
    headline = _identification(faces, trials, 1, 1)
    acquisition = _acquisition(photos, observations)
    lost = acquisition.failure_to_acquire
    gallery = gallery_of(faces, 1)
    everyone = usable_faces(photos, observations, gated=False)
    ungated = _identification(everyone, run(everyone), 1, 1)
    threshold = gallery_threshold(pack_tail, gallery, fpir_target)
    step("more photos and frames")
    plans = [_plan(faces, *plan) for plan in PLANS]
    step("larger galleries")
    larger = _larger_galleries(gallery, trials, faces)
    step("halves")
    carry = _carry_over(faces)
    step("people whom the threshold was not fitted on")
    apart = held_out(faces, fpir_target)
    step("1:1")
    pairs = compare_all(faces, gallery.centering)
    return Result(
        model_id=model_id,
        acquisition=acquisition,
        headline=headline,
        fnir_with_fta={name: lost + (1 - lost) * rate.value for name, rate in headline.fnir.items()},
        ungated=ungated,
        strangers_only=_rates(_strangers_only(trials, faces)),
        plans=[plan for plan in plans if plan is not None],
        padded=larger,
        at_threshold=AtThreshold(threshold, fpir_target, fpir_at(trials, threshold), fnir(trials, threshold)),
        verification=_verification(pairs),
        carry_over=carry,
        groups=_by_group(trials, threshold, groups or {}),
        tail=_tail(faces, gallery.centering),
        det=det(trials),
        histogram={"impostor": _per_percent(pairs.impostor), "genuine": _per_percent(pairs.genuine)},
        look_alikes=[marked_look_alikes(faces, photos, pack_tail, fpir_target) for photos in (1, 2)],
        held_out=apart,
        self_calibration=self_calibration(trials, faces, threshold, fpir_target, pack_tail),
    )


def _larger_galleries(gallery: Gallery, trials: Trials, faces: Faces) -> list[IdentificationRates]:
    """Measure each of SIZES that is larger than the gallery, enlarged with drawn people."""
    attempts = attempts_of(faces, 1, 1)
    return [
        _identification(faces, padded(gallery, attempts, trials, faces, size), 1, 1, size)
        for size in SIZES
        if size > gallery.size
    ]


def _verification(pairs: PairCounts) -> VerificationRates:
    return VerificationRates(
        genuine=int(pairs.genuine.sum()),
        impostor=int(pairs.impostor.sum()),
        fnmr={_name(fmr): pairs.fnmr(pairs.threshold_at(fmr)) for fmr in FMRS},
    )


def usable_faces(photos: Sequence[EvaluationPhoto], observations: Sequence[Observation], gated: bool) -> Faces:
    """Select the faces found. `gated`: without those that the gate would not use. A person without any is left out."""
    people: dict[str, list[NDArray[np.float32]]] = {}
    enrolled: dict[str, list[NDArray[np.float32]]] = {}
    strangers: dict[str, list[NDArray[np.float32]]] = {}
    for photo, observation in zip(photos, observations, strict=True):
        if observation.vector is None or (gated and observation.problem):
            continue
        (strangers if photo.stranger else people).setdefault(photo.person, []).append(observation.vector)
        if not photo.stranger:
            enrolled.setdefault(photo.person, []).append(
                observation.vector if observation.enrolled is None else observation.enrolled
            )
    if len(people) < 2 or all(len(v) < 2 for v in people.values()):
        raise EvaluationError(
            "too few usable faces; at least two people are needed, one of them with two usable photos"
        )
    return Faces(*({name: np.stack(v) for name, v in part.items()} for part in (people, strangers, enrolled)))


def _acquisition(photos: Sequence[EvaluationPhoto], observations: Sequence[Observation]) -> Acquisition:
    first: set[str] = set()
    enrolled: list[bool] = []
    probes: list[bool] = []
    for photo, observation in zip(photos, observations, strict=True):
        is_first = not photo.stranger and photo.person not in first
        first.add(photo.person)
        (enrolled if is_first else probes).append(bool(observation.problem))
    problems: dict[str, int] = {}
    for observation in observations:
        if observation.problem:
            problems[observation.problem] = problems.get(observation.problem, 0) + 1
    problems.setdefault(NO_FACE, 0)
    return Acquisition(len(photos), float(np.mean(enrolled)), float(np.mean(probes)), dict(sorted(problems.items())))


def _identification(
    faces: Faces, trials: Trials, enrolled: int, frames: int, size: int | None = None
) -> IdentificationRates:
    return IdentificationRates(
        enrolled=enrolled,
        frames=frames,
        gallery=size or len(faces.people),
        mated=len(trials.mated),
        non_mated=len(trials.non_mated),
        rank1=float(trials.right.mean()) if len(trials.right) else 0.0,
        fnir=_rates(trials),
    )


def _plan(faces: Faces, enrolled: int, frames: int) -> IdentificationRates | None:
    """Measure ten orders of the photos; None if nobody has enough photos."""
    if not any(len(v) >= enrolled + frames for v in faces.people.values()):
        return None
    return _identification(faces, run(faces, enrolled, frames, ORDERS), enrolled, frames)


def _rates(trials: Trials) -> dict[str, Rate]:
    return {_name(share): fnir_at(trials, share) for share in FPIRS}


def _name(share: float) -> str:
    return f"{share * 100:g}%"


def _strangers_only(trials: Trials, faces: Faces) -> Trials:
    keep = np.isin(trials.non_mated_person, list(faces.strangers))
    return Trials(
        trials.mated, trials.right, trials.mated_person, trials.non_mated[keep], trials.non_mated_person[keep]
    )


def _carry_over(faces: Faces) -> CarryOver:
    names = np.array(sorted(faces.people))
    sums: dict[str, dict[str, list[float]]] = {kind: {} for kind in ("plain", "other_half", "own")}
    none = Centering(np.zeros(faces.dimension, np.float32), 0.0)
    for seed in range(HALVINGS):
        mixed = np.random.default_rng(seed).permutation(names)
        halves = mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]
        for mine, others in (halves, halves[::-1]):
            half = faces.only(mine.tolist())
            attempts = attempts_of(half, 1, 1)
            other = gallery_of(faces.only(others.tolist()), 1).centering
            for kind, centering in (("plain", none), ("other_half", other), ("own", None)):
                trials = compare(gallery_of(half, 1, centering), attempts)
                for share in FPIRS[1:]:
                    found = fnir(trials, threshold_at(trials.non_mated, share))
                    sums[kind].setdefault(_name(share), []).append(found)
    means = {kind: {name: float(np.mean(v)) for name, v in of.items()} for kind, of in sums.items()}
    return CarryOver(2 * HALVINGS, means["plain"], means["other_half"], means["own"])


def _by_group(trials: Trials, threshold: float, groups: Mapping[str, str]) -> list[GroupRates]:
    """Compute the rates of each group's own attempts at the gate's one threshold."""
    mated = np.array([groups.get(str(name), "") for name in trials.mated_person])
    non_mated = np.array([groups.get(str(name), "") for name in trials.non_mated_person])
    missed = ~(trials.right & (trials.mated >= threshold))
    reached = trials.non_mated >= threshold
    return [
        GroupRates(
            group,
            int((mated == group).sum()),
            float(missed[mated == group].mean()) if (mated == group).any() else 0.0,
            int((non_mated == group).sum()),
            float(reached[non_mated == group].mean()) if (non_mated == group).any() else 0.0,
        )
        for group in sorted(set(groups.values()))
    ]


def _tail(faces: Faces, centering: Centering) -> ImpostorTail | None:
    try:
        return measured_tail(faces, centering)
    except ValueError:
        return None  # too few people; everything else is still worth reporting


def _per_percent(counts: NDArray[np.int64]) -> list[int]:
    """Sum to 200 bins from -1 to 1."""
    return [int(part.sum()) for part in np.split(counts, 200)]
