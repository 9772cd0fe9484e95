"""Count a site's comparison scores per bin and day, without picture, template or worker id."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

BIN = 0.005
"""Width of a bin of scores. Bin i holds the scores from i · BIN up to (i + 1) · BIN, so i may be negative."""

KEEP_DAYS = 90
"""Older days are forgotten."""

Bins = Mapping[int, int]
"""Counts by bin."""


class DayScores(BaseModel):
    """One UTC day at one gate with one model.

    `gallery`: number of compared workers. `workers`: number of different workers recognised on that day (who they were
    is forgotten with the process). `accepted`: their scores, one per approach. `runner_up`: the best score of any
    *other* worker at that moment, once per worker and day. `unknown`: the best score of an approach without a
    recognition. `unusable`: approaches with a near but never usable face.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="ignore")

    day: date
    model_id: str
    gallery: int = Field(default=0, ge=0)
    workers: int = Field(default=0, ge=0)
    accepted: dict[int, int] = {}
    runner_up: dict[int, int] = {}
    unknown: dict[int, int] = {}
    unusable: int = Field(default=0, ge=0)

    @property
    def approaches(self) -> int:
        return self.usable + self.unusable

    @property
    def usable(self) -> int:
        return sum(self.accepted.values()) + sum(self.unknown.values())


def bin_of(score: float) -> int:
    # a tiny addition: 0.29 / 0.005 is 57.999… in floating point
    return math.floor(score / BIN + 1e-9)


def lower_edge(index: int) -> float:
    return index * BIN


def added(histograms: Iterable[Bins]) -> Counter[int]:
    """Add several histograms."""
    total: Counter[int] = Counter()
    for bins in histograms:
        total.update(bins)
    return total


def mean(bins: Bins) -> float:
    """Return the mean score, each taken at the middle of its bin; 0 if there is none."""
    count = sum(bins.values())
    return sum((index + 0.5) * BIN * n for index, n in bins.items()) / count if count else 0.0
