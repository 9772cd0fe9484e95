"""Vote over frames: k of the last n usable frames must agree, or two of them by a wide margin.

One frame alone never names anybody.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from edge.core.domain import Candidate, Sight

Vote = Candidate | None
"""The best candidate of one usable frame, at any score; None if the gallery was empty."""
EARLY_FRAMES = 2
"""The smallest number of frames that can name a person before the vote is complete."""


@dataclass(frozen=True, slots=True)
class VoteResult:
    """`sight` is LOOKING, KNOWN or UNKNOWN; `frames` is the number of votes behind it.

    `candidate` is the agreed worker with the mean score of the agreeing frames, otherwise the best of all frames.
    """

    sight: Sight
    candidate: Candidate | None
    frames: int


def count_votes(votes: Sequence[Vote], threshold: float, needed: int, window: int) -> VoteResult:
    """Count the votes of one approach, oldest first.

    KNOWN when `needed` of the last `window` frames name one worker at or above `threshold`. UNKNOWN when `window`
    frames were seen without that. Otherwise LOOKING.
    """
    recent = [vote for vote in votes[-window:] if vote is not None]
    counted = [vote for vote in recent if vote.score >= threshold]
    for worker_id, count in Counter(vote.worker_id for vote in counted).most_common(1):
        if count >= needed:
            mean = sum(vote.score for vote in counted if vote.worker_id == worker_id) / count
            return VoteResult(Sight.KNOWN, Candidate(worker_id, mean), count)
    best = max(recent, key=lambda vote: vote.score, default=None)
    sight = Sight.UNKNOWN if len(votes) >= window else Sight.LOOKING
    return VoteResult(sight, best, min(len(votes), window))


def early_result(
    frame_votes: Sequence[Vote], fused_vote: Vote, threshold: float, early_min: float
) -> VoteResult | None:
    """Decide KNOWN before the vote is complete; None if that is not possible.

    The last two frames must each name one worker alone at or above `threshold`. No face may borrow the other's score.
    The fused frames must name the same worker at or above `early_min` (see `early_exit_min`).

    Args:
        frame_votes: the best candidate of each usable frame alone, oldest first.
        fused_vote: the best candidate of all of them as one template.
    """
    if fused_vote is None or fused_vote.score < early_min or len(frame_votes) < EARLY_FRAMES:
        return None
    if any(
        v is None or v.worker_id != fused_vote.worker_id or v.score < threshold for v in frame_votes[-EARLY_FRAMES:]
    ):
        return None
    return VoteResult(Sight.KNOWN, fused_vote, EARLY_FRAMES)
