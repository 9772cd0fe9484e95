"""Decide who is in front of the gate: the same person as a moment ago, or another.

An approach ends when the lane was empty for a while, or when another face takes over. Position alone cannot tell a
tailgater from a person who leans forward. Comparison alone fails on one bad frame. So another face must differ twice,
or once if it also appeared somewhere else.
"""

from dataclasses import dataclass, field

import numpy as np

from edge.core.domain import Face, Vector
from edge.matcher.vote import Vote, VoteResult

SAME_FACE_MIN = 0.35
"""Below this cosine to the approach's mean face, a frame shows another person."""
SAME_PLACE_MIN = 0.3
"""Below this intersection over union of two boxes, the face appeared somewhere else."""
_MEMORY_FRAMES = 10

Box = tuple[float, float, float, float]


@dataclass(slots=True, eq=False)
class Approach:
    """One person's visit. `mean` is the running mean of the usable frames' vectors.

    `frame_votes` holds the best candidate of each frame alone. `votes` holds that of all frames up to it, as one
    template.
    """

    number: int
    last_seen_s: float
    box: Box
    usable_since_s: float | None = None
    votes: list[Vote] = field(default_factory=list)
    frame_votes: list[Vote] = field(default_factory=list)
    result: VoteResult | None = None
    result_at_s: float = 0.0
    runner_up: float | None = None
    mean: Vector | None = None
    _frames: int = 0
    _strange: int = 0

    def looks_like_another(self, vector: Vector, box: Box) -> bool:
        """Compare one usable frame with the approach, and remember a difference. On True start a new approach."""
        if self.mean is None or float(np.dot(self.mean, vector) / np.linalg.norm(self.mean)) >= SAME_FACE_MIN:
            self._strange = 0
            return False
        self._strange += 2 if overlap(self.box, box) < SAME_PLACE_MIN else 1
        return self._strange >= 2

    def clear_votes(self) -> None:
        """Start the vote again. The person seen next must win it."""
        self.votes.clear()
        self.frame_votes.clear()
        self.result = None

    def clear_frames(self) -> None:
        """Forget all frames and the votes on them."""
        self.clear_votes()
        self.mean, self._frames, self.runner_up = None, 0, None

    def restart_with(self, vector: Vector) -> None:
        """Forget all frames but this one, and the votes on them."""
        self.clear_votes()
        self.mean, self._frames = vector, 1

    @property
    def in_doubt(self) -> bool:
        """True if the last usable frame differed from the approach's mean face."""
        return self._strange > 0

    def fused_template(self) -> Vector:
        """All usable frames so far as one unit vector. Raises ValueError before the first one."""
        if self.mean is None:
            raise ValueError("no usable frame was added yet")
        fused_template: Vector = self.mean / np.linalg.norm(self.mean)
        return fused_template

    def add_vector(self, vector: Vector, at_s: float) -> None:
        self._frames = min(self._frames + 1, _MEMORY_FRAMES)
        self.mean = vector if self.mean is None else self.mean + (vector - self.mean) / np.float32(self._frames)
        if self.usable_since_s is None:
            self.usable_since_s = at_s


class ApproachTracker:
    """Numbers the approaches. Call exactly one of `no_face`, `add_face` and `add_usable_face` for every frame."""

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._numbered = 0
        self._approach: Approach | None = None

    def clear_votes(self) -> None:
        """Start the vote on the present person again."""
        if self._approach:
            self._approach.clear_votes()

    def no_face(self, now_s: float) -> Approach | None:
        """Note a frame without a face. Returns the approach it may still belong to."""
        if self._approach and now_s - self._approach.last_seen_s > self._gap_s:
            self._approach = None
        return self._approach

    def add_face(self, face: Face, now_s: float) -> Approach:
        """Note a face, usable or not. Returns its approach, a new one if the lane was empty before."""
        approach = self.no_face(now_s) or self._begin(face, now_s)
        approach.last_seen_s = now_s
        return approach

    def add_usable_face(self, face: Face, vector: Vector, now_s: float) -> Approach:
        """Note a usable face. Returns its approach, a new one if it is another person's."""
        approach = self.add_face(face, now_s)
        if approach.looks_like_another(vector, face.box):
            approach = self._begin(face, now_s)
        approach.box = face.box
        if not approach.in_doubt:
            approach.add_vector(vector, now_s)
        return approach

    def _begin(self, face: Face, now_s: float) -> Approach:
        self._numbered += 1
        self._approach = Approach(self._numbered, now_s, face.box)
        return self._approach


def overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0-1."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)
