"""Detect drift of the scores. Lenses get dirty, lamps fail, seasons bring masks and low sun.

The last days are compared with the first ones on record by the population stability index, PSI = Σ (a − e) · ln(a / e).
The sum is over bins with the shares a now and e then. From 0.25 on the population has changed (Siddiqi 2006). Without a
change, PSI over B bins is distributed as (1/n + 1/m) · χ²(B − 1) (Yurdakul 2018). So a small site needs a larger limit:
the higher of the two counts. n and m are *different workers*, not passages: the same worker scores alike every morning.

Three measures are watched, each only in the harmful direction. They are the scores of those recognised (five bins, the
reference's fifths), the share of approaches that recognised nobody, and the share without a usable face.
"""

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from edge.core.score_counts import Bins, DayScores, added, mean

RECENT_DAYS = 7
REFERENCE_DAYS = 30
REFERENCE_DAYS_MIN = 5
"""Days with people needed before anything is reported."""
WORKERS_MIN = 30
SCORE_BINS = 5
SCORE_LIMIT, SHARE_LIMIT = 0.25, 0.1
CHI2_SCORES, CHI2_SHARE = 18.47, 10.83
"""The 99.9th percentiles of χ² with 4 and with 1 degree of freedom."""


class DriftKind(StrEnum):
    """What has changed."""

    SCORES = "scores"
    UNKNOWN = "unknown"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class PopulationShift:
    """One comparison. `before` and `now` are a mean score or a share 0-1.

    It raises an alarm when `index` reaches `limit` and `worse` holds.
    """

    kind: DriftKind
    before: float
    now: float
    index: float
    limit: float
    worse: bool

    @property
    def alarming(self) -> bool:
        return self.worse and self.index >= self.limit

    def __str__(self) -> str:
        values = (
            f"{self.before:.2f} to {self.now:.2f}"
            if self.kind is DriftKind.SCORES
            else f"{self.before:.0%} to {self.now:.0%}"
        )
        return f"{_WORDS[self.kind]} ({values}, index {self.index:.2f}, limit {self.limit:.2f})"


_WORDS = {
    DriftKind.SCORES: "scores of recognised workers down",
    DriftKind.UNKNOWN: "more people not recognised",
    DriftKind.UNUSABLE: "more people without a usable picture",
}


def find_drift(days: Sequence[DayScores], today: date) -> list[PopulationShift]:
    """Compare the last RECENT_DAYS before `today` with the oldest days kept; empty while there is too little."""
    before_today = [d for d in days if d.day < today and d.approaches]
    recent = [d for d in before_today if d.day >= today - timedelta(days=RECENT_DAYS)]
    older = [d for d in before_today if d.day < today - timedelta(days=RECENT_DAYS)]
    reference = [d for d in older if d.day < older[0].day + timedelta(days=REFERENCE_DAYS)]
    n, m = (max((d.workers for d in part), default=0) for part in (reference, recent))
    if len(reference) < REFERENCE_DAYS_MIN or n < WORKERS_MIN:
        return []
    # Behind a very dirty lens hardly anybody is recognised: the shares are judged by the number who came before.
    spread = 1 / n + 1 / max(m, WORKERS_MIN)
    shifts = [
        _share(DriftKind.UNKNOWN, reference, recent, lambda d: sum(d.unknown.values()), lambda d: d.usable, spread),
        _share(DriftKind.UNUSABLE, reference, recent, lambda d: d.unusable, lambda d: d.approaches, spread),
    ]
    if m >= WORKERS_MIN:
        shifts.insert(0, _scores(added(d.accepted for d in reference), added(d.accepted for d in recent), spread))
    return [shift for shift in shifts if shift is not None]


def psi(expected: Sequence[float], actual: Sequence[float]) -> float:
    """The population stability index of two histograms over the same bins, from counts; 0 if they are alike.

    Half a count is added to every bin, so that an empty bin does not dominate.
    """
    e, a = ([count + 0.5 for count in counts] for counts in (expected, actual))
    pairs = [(x / sum(e), y / sum(a)) for x, y in zip(e, a, strict=True)]
    return sum((y - x) * math.log(y / x) for x, y in pairs)


def _scores(reference: Bins, recent: Bins, spread: float) -> PopulationShift:
    edges = _quantiles(reference, SCORE_BINS)
    index = psi(_grouped(reference, edges), _grouped(recent, edges))
    before, now = mean(reference), mean(recent)
    return PopulationShift(DriftKind.SCORES, before, now, index, max(SCORE_LIMIT, CHI2_SCORES * spread), now < before)


def _share(
    kind: DriftKind,
    reference: Sequence[DayScores],
    recent: Sequence[DayScores],
    part: Callable[[DayScores], int],
    whole: Callable[[DayScores], int],
    spread: float,
) -> PopulationShift | None:
    had, of = sum(map(part, reference)), sum(map(whole, reference))
    has, among = sum(map(part, recent)), sum(map(whole, recent))
    if not of or among < WORKERS_MIN:
        return None
    index = psi((had, of - had), (has, among - has))
    before, now = had / of, has / among
    return PopulationShift(kind, before, now, index, max(SHARE_LIMIT, CHI2_SHARE * spread), now > before)


def _quantiles(bins: Bins, parts: int) -> list[int]:
    """The bins at which 1/parts, 2/parts … of the counts are passed."""
    edges: list[int] = []
    total, below = sum(bins.values()), 0
    for index in sorted(bins):
        below += bins[index]
        while len(edges) < parts - 1 and below >= total * (len(edges) + 1) / parts:
            edges.append(index + 1)
    return edges


def _grouped(bins: Bins, edges: Sequence[int]) -> list[int]:
    counts = [0] * (len(edges) + 1)
    for index, count in bins.items():
        counts[bisect.bisect_right(edges, index)] += count
    return counts
