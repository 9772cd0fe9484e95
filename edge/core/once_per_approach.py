"""Release a person again only after that person has left. Pure. Times are seconds of a monotonic clock.

Without a passage sensor nothing reports whether a person passed. A photo left before the camera would be released again
and again. A staying face, a flickering face and two alternating photos are the same case: the lane was never empty.
Another identity is another person, as in a queue, and is not blocked.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

AWAY_S = 60.0
"""In a queue the lane is never empty. A person not seen for this long, while others were released, has left too."""
TRIES = 3
"""If a sensor reports that nobody passed, a staying person gets this many releases in a row."""
STEP_S = 1.0
"""Two empty frames further apart prove nothing about the time between: the camera was lost."""


@dataclass(frozen=True, slots=True)
class Admission:
    """One released worker. `seq`: the journal's number of the newest decision; `releases`: how many in a row."""

    seq: int
    at_s: float
    seen_s: float
    releases: int = 1


@dataclass(frozen=True, slots=True)
class OncePerApproach:
    """Workers released since the lane was last empty for `left_after_s`."""

    left_after_s: float
    admitted: Mapping[str, Admission] = field(default_factory=lambda: MappingProxyType({}))
    _empty_from_s: float = float("inf")
    _empty_to_s: float = float("-inf")

    def lane_empty(self, now: float) -> Self:
        """Apply a frame without any face."""
        goes_on = now - self._empty_to_s <= STEP_S
        empty_from_s = self._empty_from_s if goes_on else now
        gone = now - empty_from_s >= self.left_after_s
        return replace(self, admitted={} if gone else self.admitted, _empty_from_s=empty_from_s, _empty_to_s=now)

    def face_seen(self, now: float, worker_id: str | None) -> Self:
        """Apply a frame with a face: this worker's, or (None) an unknown one."""
        known = {name: one for name, one in self.admitted.items() if not self._left_the_queue(one, now)}
        if worker_id in known:
            known[worker_id] = replace(known[worker_id], seen_s=now)
        return replace(self, admitted=known, _empty_from_s=float("inf"), _empty_to_s=float("-inf"))

    def released(self, worker_id: str, seq: int, now: float) -> Self:
        """Apply a release of this worker, by any credential."""
        before = self.admitted.get(worker_id)
        newest = Admission(seq, now, now, before.releases + 1 if before else 1)
        return replace(self, admitted={**self.admitted, worker_id: newest})

    def blocking_release(self, worker_id: str, not_taken: Collection[int]) -> Admission | None:
        """Return the release after which this worker has not left yet; None if another is allowed.

        `not_taken`: decisions after which, by a sensor's report, nobody passed.
        """
        last = self.admitted.get(worker_id)
        if last is None or (last.seq in not_taken and last.releases < TRIES):
            return None
        return last

    def _left_the_queue(self, one: Admission, now: float) -> bool:
        others_since = any(other.at_s > one.seen_s for other in self.admitted.values())
        return others_since and now - one.seen_s >= AWAY_S
