"""Somebody in front of the gate's camera, to be enrolled: collects good frames and says what is wrong with the others."""

from dataclasses import dataclass, field

from edge.core.config import MatcherConfig
from edge.core.domain import Image, Sight
from edge.matcher.engine.engine import FaceEngine
from edge.matcher.engine.quality import Quality, measure, objection_to_reference

WANTED = 8
"""Good frames that are collected, of which the best become templates."""
SPACING_S = 0.1
"""Good frames lie at least so far apart: neighbours hardly differ."""

_ADVICE = {
    Sight.TOO_FAR: "come closer",
    Sight.TOO_DARK: "too dark: turn to the light",
    Sight.BLURRED: "hold still",
    Sight.TURNED_AWAY: "look at the camera",
    Sight.TILTED: "hold your head straight",
    Sight.LOOKING_UP: "look down a little",
    Sight.LOOKING_DOWN: "look up",
    Sight.TOO_BRIGHT: "too bright: step out of the glare",
    Sight.OCCLUDED: "take off the mask or the dark glasses",
}


@dataclass
class GuidedCapture:
    """Feed it frames until `done`; then `best` are the pictures to enrol from."""

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
        """Judge one frame (BGR), taken at monotonic `at_s`; what the person should do, "" if nothing."""
        faces = self.engine.detect(image)
        if not faces:
            return "nobody is seen: step in front of the camera"
        if len(faces) > 1:
            return "one at a time: somebody else is in the picture"
        face = self.engine.refine(image, faces[0])
        aligned = self.engine.align_refined(image, face)
        quality = measure(faces[0], aligned)
        turned = self.engine.image_is_rotated(image, face)
        sight = Sight.TILTED if turned else objection_to_reference(quality, self.config)
        if not sight and self.engine.vector_is_rotated(self.engine.embed(aligned)):
            sight = Sight.TILTED
        if sight:
            return _ADVICE[sight]
        if at_s - self._last_s >= SPACING_S:
            self._last_s = at_s
            self._good.append((self._worth(quality), image))
        return ""

    def best(self, count: int) -> list[Image]:
        """The best `count` of the good frames, the best first."""
        return [image for _, image in sorted(self._good, key=lambda pair: -pair[0])[:count]]

    def _worth(self, quality: Quality) -> float:
        """0-1: how straight the face looks at the camera, times how sharp it is; four times the limit is sharp enough."""
        straight = 1 - quality.turn / self.config.turn_max
        return straight * min(1.0, quality.sharpness / max(1.0, 4 * self.config.sharpness_min))
