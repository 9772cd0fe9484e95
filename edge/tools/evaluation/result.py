"""The figures of one measurement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edge.matcher.weights.manifest import ImpostorTail
from edge.tools.evaluation.drift_alarm import DriftRates
from edge.tools.evaluation.held_out import HeldOut
from edge.tools.evaluation.pad import PadResult
from edge.tools.evaluation.rates import Rate
from edge.tools.evaluation.site import LookAlikes, SelfCalibration
from edge.tools.evaluation.walkups import VoteRates


@dataclass(frozen=True, slots=True)
class Acquisition:
    """Shares 0-1. `failure_to_enrol`: people whose first photo is unusable. `failure_to_acquire`: all other unusable
    photos."""

    photos: int
    failure_to_enrol: float
    failure_to_acquire: float
    problems: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class IdentificationRates:
    """1:N with `enrolled` photos and `frames` fused frames. `fnir` by target FPIR, of the usable attempts."""

    enrolled: int
    frames: int
    gallery: int
    mated: int
    non_mated: int
    rank1: float
    fnir: Mapping[str, Rate]


@dataclass(frozen=True, slots=True)
class VerificationRates:
    genuine: int
    impostor: int
    fnmr: Mapping[str, float]
    """By target FMR."""


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """What the gate itself would do: its own threshold for this gallery, one photo, one frame."""

    threshold: float
    fpir_target: float
    fpir: Rate
    fnir: float


@dataclass(frozen=True, slots=True)
class CarryOver:
    """FNIR at FPIR 1 % and 0.3 %, means over halves of the people, each half enrolled alone.

    `plain`: not centred; `other_half`: centred on the *other* half; `own`: centred on itself, as a gate does.
    """

    halves: int
    plain: Mapping[str, float]
    other_half: Mapping[str, float]
    own: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class GroupRates:
    group: str
    mated: int
    fnir: float
    non_mated: int
    fpir: float


@dataclass(frozen=True, slots=True)
class Result:
    """Everything that `sitegate evaluate` reports.

    `headline` is in the folder's own order, one photo, one frame. `fnir_with_fta` counts a probe that the gate would
    not use as a miss. `ungated` uses every face of any quality. `walkups` and `drift` are measured on request only.
    """

    model_id: str
    acquisition: Acquisition
    headline: IdentificationRates
    fnir_with_fta: Mapping[str, float]
    ungated: IdentificationRates
    strangers_only: Mapping[str, Rate]
    plans: Sequence[IdentificationRates]
    padded: Sequence[IdentificationRates]
    at_threshold: AtThreshold
    verification: VerificationRates
    carry_over: CarryOver
    groups: Sequence[GroupRates]
    tail: ImpostorTail | None
    det: Sequence[tuple[float, float]] = field(repr=False)
    histogram: Mapping[str, Sequence[int]] = field(repr=False)
    look_alikes: Sequence[LookAlikes] = ()
    self_calibration: SelfCalibration | None = None
    held_out: Sequence[HeldOut] = ()
    walkups: VoteRates | None = None
    drift: Sequence[DriftRates] = ()
    pad: PadResult | None = None
    """Presentation attack detection, if it was measured."""
