"""Simulate presentations by kind: how often liveness is fooled, and how often it refuses a person (ISO/IEC 30107-3)."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from contract.messages import Advice, LivenessVerdict
from edge.core.config import LivenessConfig
from edge.core.domain import Face, Image
from edge.matcher.liveness.challenge import ChallengeCheck, LivenessResult
from edge.matcher.liveness.parallax import nose_offset
from edge.sim import heads
from edge.tools.evaluation.wilson import wilson

NAMED_AFTER_S = 0.35
"""By then the vote has named the person."""
ADVISORY_S = 1.0
"""Without a challenge the decision is made after about this time."""
FRAMES_LOST = 0.03
TURN_SEEN_MAX = 0.5
"""The nose above one eye: no detector is right beyond."""

NO_PICTURE: Image = np.zeros((1, 1, 3), np.uint8)

Cast = Callable[[np.random.Generator, float], heads.Actor]


@dataclass(frozen=True, slots=True)
class Kind:
    """`attack`: a presentation attack; otherwise a person. `counted`: persons who do what they are asked."""

    name: str
    attack: bool
    cast: Cast
    counted: bool = True


KINDS: tuple[Kind, ...] = (
    Kind("person who does as asked", False, heads.person),
    Kind("person who turns the wrong way", False, lambda r, n: heads.person(r, n, swapped=True), False),
    Kind("person who does nothing", False, lambda r, n: heads.person(r, n, obeys=False), False),
    Kind("photo, waved and turned as asked", True, heads.photo),
    Kind(
        "photo of a turned head, waved",
        True,
        lambda r, n: heads.photo(r, n, None, float(r.choice((-1, 1)) * r.uniform(8, 25))),
    ),
    Kind("photo, bent, radius 80-300 mm", True, lambda r, n: heads.photo(r, n, (80, 300))),
    Kind("photo, bent hard, radius 50-80 mm", True, lambda r, n: heads.photo(r, n, (50, 80))),
    Kind("photo, wrapped, radius 35-50 mm", True, lambda r, n: heads.photo(r, n, (35, 50))),
    Kind("photos of three poses, swapped as asked", True, heads.swapped_photos),
    Kind("screen, film of a turning head", True, heads.replay),
)


@dataclass(frozen=True, slots=True)
class TrialRates:
    """Rates of one kind. `error_rate` is APCER for an attack, BPCER for a person, with its 95 % Wilson interval.

    `median_s`, `p95_s`: from coming into view to the verdict. Without a challenge a worker is named after
    NAMED_AFTER_S.
    """

    kind: str
    attack: bool
    counted: bool
    trials: int
    errors: int
    error_rate: float
    low: float
    high: float
    median_s: float
    p95_s: float


def trial(cast: Cast, config: LivenessConfig, noise: float, seed: int) -> tuple[LivenessVerdict, float]:
    """Run one presentation. Returns the verdict and its seconds. `noise`: of each landmark, in eye distances."""
    rng = np.random.default_rng(seed)
    judge = ChallengeCheck(config, random.Random(seed).choice)
    actor = cast(rng, noise)
    asked: Advice | None = None
    end_s = config.challenge_limit_ms / 1000 + 2
    now_s, found = 0.0, LivenessResult()
    while now_s < end_s:
        seen = actor(now_s, asked)
        if abs(nose_offset(seen)) <= TURN_SEEN_MAX and rng.random() >= FRAMES_LOST:
            judge.add_frame(1, now_s, Face((0, 0, 0, 0), seen, 1.0), NO_PICTURE)
        found = judge.result(1, now_s, named=now_s >= NAMED_AFTER_S)
        asked = found.challenge
        if asked is None and now_s >= (ADVISORY_S if config.mode == "advisory" else NAMED_AFTER_S):
            break
        now_s += 1 / heads.FRAMES_PER_S
    return found.verdict, now_s


def run(kind: Kind, config: LivenessConfig, noise: float, trials: int, seed: int) -> TrialRates:
    """Run independent presentations of one kind; the same seed gives the same figures."""
    seeds = np.random.SeedSequence(seed).generate_state(trials)
    results = [trial(kind.cast, config, noise, int(each)) for each in seeds]
    wrong = sum((verdict is LivenessVerdict.LIVE) == kind.attack for verdict, _ in results)
    low, high = wilson(wrong, trials)
    median_s, p95_s = (float(v) for v in np.percentile([seconds for _, seconds in results], (50, 95)))
    return TrialRates(kind.name, kind.attack, kind.counted, trials, wrong, wrong / trials, low, high, median_s, p95_s)
