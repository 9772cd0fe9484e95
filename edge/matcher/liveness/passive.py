"""Run the passive liveness network: does one frame show a live face, or a print or a screen?

The crop is that of the network's publisher. The detector's box is enlarged about its middle as far as the frame allows,
moved into the frame and squeezed to a square. What surrounds a face (a sheet's edge, a screen's frame) is part of the
evidence.
"""

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.config import MatcherConfig
from edge.core.domain import Face, Image
from edge.matcher.engine.onnx_session import OnnxSession
from edge.matcher.weights.manifest import PassiveModel, load_manifest, read_verified

LIVE_CLASS = 0
Box = tuple[float, float, float, float]


class LiveScorer(Protocol):
    def score(self, image: Image, face: Face) -> float:
        """Score 0-1 how live this face of a BGR frame looks."""


class PassiveNetwork:
    """Implements `LiveScorer` with the weight of the manifest."""

    def __init__(self, session: OnnxSession, model: PassiveModel) -> None:
        self._session, self._model = session, model

    def score(self, image: Image, face: Face) -> float:
        """Raises ValueError if the box lies outside the frame or has no area."""
        seen = crop(image, face.box, self._model.crop)
        square = cv2.resize(seen, (self._model.side_px, self._model.side_px), interpolation=cv2.INTER_LINEAR)
        tensor = np.ascontiguousarray(square.transpose(2, 0, 1)[np.newaxis], dtype=np.float32)
        (logits,) = self._session.run(tensor).values()
        return float(softmax(logits.ravel())[LIVE_CLASS])


def crop(image: Image, box: Box, factor: float) -> Image:
    """Cut out the frame around a box (x, y, width, height), up to `factor` times as wide and high.

    Raises:
        ValueError: the box has no area, or its middle is not in the frame.
    """
    x, y, width, height = box
    frame_height, frame_width = image.shape[:2]
    middle = x + width / 2, y + height / 2
    if width < 1 or height < 1 or not (0 <= middle[0] < frame_width and 0 <= middle[1] < frame_height):
        raise ValueError(f"the box {box} is not in the frame of {frame_width} x {frame_height}")
    factor = min(factor, (frame_width - 1) / width, (frame_height - 1) / height)
    left, right = _inside(middle[0], width * factor, frame_width)
    top, bottom = _inside(middle[1], height * factor, frame_height)
    return image[top:bottom, left:right]


def _inside(middle: float, length: float, limit: int) -> tuple[int, int]:
    """Place an interval of `length` about `middle` within 0 and `limit`, at least one pixel long."""
    start = int(min(max(middle - length / 2, 0.0), limit - 1 - length))
    return max(start, 0), max(start, 0) + max(1, int(length))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Convert (n,) scores to shares that add up to 1."""
    powers = np.exp(logits.astype(np.float64) - float(logits.max()))
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares


def open_passive(config: MatcherConfig, models_dir: Path) -> PassiveNetwork:
    """Open the network with its weight verified by hash.

    Raises:
        ModelError: the weight is missing or altered (the text says what to run), or an execution provider fails.
    """
    model = load_manifest().passive_liveness.model
    return PassiveNetwork(OnnxSession(read_verified(model, models_dir), config.providers, config.threads), model)
