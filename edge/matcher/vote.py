"""One frame names nobody: k of the last n usable frames must agree."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from edge.domain import Candidate, Sight

Vote = Candidate | None
"""The best candidate of one usable frame, at whatever score; None if the gallery was empty."""


@dataclass(frozen=True, slots=True)
class Tally:
    """`sight` is LOOKING, KNOWN or UNKNOWN; `candidate` the agreed worker with the mean score of the agreeing frames,
    otherwise the best of all; `frames` the votes behind it."""

    sight: Sight
    candidate: Candidate | None
    frames: int


def tally(votes: Sequence[Vote], threshold: float, needed: int, window: int) -> Tally:
    """Count the votes of one approach, oldest first.

    KNOWN when `needed` of the last `window` name one worker at or above `threshold`; UNKNOWN when `window` frames were
    seen without that; otherwise LOOKING.
    """
    recent = [vote for vote in votes[-window:] if vote is not None]
    counted = [vote for vote in recent if vote.score >= threshold]
    for worker_id, count in Counter(vote.worker_id for vote in counted).most_common(1):
        if count >= needed:
            mean = sum(vote.score for vote in counted if vote.worker_id == worker_id) / count
            return Tally(Sight.KNOWN, Candidate(worker_id, mean), count)
    best = max(recent, key=lambda vote: vote.score, default=None)
    sight = Sight.UNKNOWN if len(votes) >= window else Sight.LOOKING
    return Tally(sight, best, min(len(votes), window))
