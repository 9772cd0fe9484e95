"""Guide a person in front of the gate's camera through an enrolment: collect good frames, advise on the others."""

from dataclasses import dataclass, field

from edge.core.config import MatcherConfig
from edge.core.domain import Image
from edge.matcher.engine.engine import FaceEngine
from edge.matcher.engine.quality import TILTED, Quality, measure, objection_to_reference

WANTED = 8
"""Good frames to collect. The best of them become templates."""
SPACING_S = 0.1
"""Good frames lie at least this far apart: neighbours hardly differ."""


@dataclass
class GuidedCapture:
    """Judge frames until `done`; then `best` returns the pictures to enrol from."""

    engine: FaceEngine
    config: MatcherConfig
    _good: list[tuple[float, Image]] = field(default_factory=list)
    _last_s: float = float("-inf")

    @property
    def good(self) -> int:
        return len(self._good)

    @property
    def done(self) -> bool:
        return self.good >= WANTED

    def judge_frame(self, image: Image, at_s: float) -> str:
        """Judge one frame (BGR), taken at monotonic `at_s`. Returns the instruction for the person, "" if none."""
        faces = self.engine.detect(image)
        if not faces:
            return "nobody is seen: step in front of the camera"
        if len(faces) > 1:
            return "one at a time: somebody else is in the picture"
        face = self.engine.refine(image, faces[0])
        aligned = self.engine.align_refined(image, face)
        quality = measure(faces[0], aligned)
        turned = self.engine.image_is_rotated(image, face)
        fault = TILTED if turned else objection_to_reference(quality, self.config)
        if not fault and self.engine.vector_is_rotated(self.engine.embed(aligned)):
            fault = TILTED
        if fault:
            return fault.prompt
        if at_s - self._last_s >= SPACING_S:
            self._last_s = at_s
            self._good.append((self._worth(quality), image))
        return ""

    def best(self, count: int) -> list[Image]:
        """The best `count` of the good frames, the best first."""
        return [image for _, image in sorted(self._good, key=lambda pair: -pair[0])[:count]]

    def _worth(self, quality: Quality) -> float:
        """Rate 0-1 how straight the face looks at the camera, times its sharpness; four times the limit is full
        sharpness."""
        straight = 1 - quality.turn / self.config.turn_max
        return straight * min(1.0, quality.sharpness / max(1.0, 4 * self.config.sharpness_min))
