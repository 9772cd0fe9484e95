"""YuNet: picture to faces, in three steps that can be tested apart.

Formulas: OpenCV Zoo's YuNet 2023mar as decoded by OpenCV's `FaceDetectorYN`.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Face, Image
from edge.matcher.engine.onnx_session import OnnxSession, Tensor

STRIDES = (8, 16, 32)
SIDE_MAX_PX = 640
"""Longer pictures are shrunk to this before detection. A face that is near enough to be used stays large enough."""
OVERLAP_MAX = 0.3
"""Two boxes with a larger intersection over union are one face."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectorInput:
    """The network's input, and the number of input pixels per picture pixel."""

    tensor: Tensor
    scale: float


def preprocess(image: Image, scale_max: float = 1.0) -> DetectorInput:
    """Make the network's input: (1, 3, H, W) BGR 0-255, padded with black to multiples of 32.

    The picture is first shrunk to `scale_max` of its size, and to SIDE_MAX_PX.
    """
    height, width = image.shape[:2]
    scale = min(scale_max, SIDE_MAX_PX / max(height, width))
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        # Down to a half, the mean of four neighbours misses nothing and takes a fifth of the time.
        way = cv2.INTER_LINEAR if scale >= 0.5 else cv2.INTER_AREA
        image = cv2.resize(image, size, interpolation=way)  # type: ignore[assignment]
        height, width = image.shape[:2]
    grid = STRIDES[-1]
    padded = np.zeros((3, -(-height // grid) * grid, -(-width // grid) * grid), dtype=np.float32)
    for plane, channel in zip(padded, cv2.split(image), strict=True):  # faster than a transpose: reads in order
        plane[:height, :width] = channel
    return DetectorInput(padded[np.newaxis], scale)


def decode(outputs: dict[str, Tensor], width_px: int, score_min: float) -> NDArray[np.float32]:
    """Decode rows of (x, y, width, height, 5 × (x, y), score) in input pixels. Cells below `score_min` are left out.

    `width_px` is the padded input's width. Score = √(clip(cls) · clip(obj)). Centre = (cell + d) · stride, size =
    exp(d) · stride, landmark = (cell + d) · stride.
    """
    found = [np.empty((0, 15), dtype=np.float32)]
    least = score_min**2  # both factors are at most 1
    for stride in STRIDES:
        classes, objects = (outputs[f"{name}_{stride}"][0, :, 0] for name in ("cls", "obj"))
        index = np.flatnonzero((classes >= least) & (objects >= least))  # few cells are left for the rest
        scores = np.sqrt(np.clip(classes[index], 0, 1) * np.clip(objects[index], 0, 1))
        index, scores = index[scores >= score_min], scores[scores >= score_min]
        if not index.size:
            continue
        cells = np.stack((index % (width_px // stride), index // (width_px // stride)), axis=1)
        boxes = outputs[f"bbox_{stride}"][0, index]
        sizes = np.exp(boxes[:, 2:4]) * stride
        corners = (cells + boxes[:, :2]) * stride - sizes / 2
        landmarks = (np.tile(cells, 5) + outputs[f"kps_{stride}"][0, index]) * stride
        found.append(np.hstack((corners, sizes, landmarks, scores[:, np.newaxis])).astype(np.float32))
    return np.vstack(found)


def suppress(rows: NDArray[np.float32], score_min: float) -> NDArray[np.float32]:
    """Keep the best row of each group that overlaps by more than OVERLAP_MAX, best score first."""
    if len(rows) == 0:
        return rows
    boxes = rows[:, :4].astype(np.float64)
    kept = cv2.dnn.NMSBoxes(boxes, rows[:, 14], score_min, OVERLAP_MAX)  # type: ignore[arg-type]
    return rows[np.asarray(kept, dtype=np.intp).reshape(-1)]


def postprocess(rows: NDArray[np.float32], scale: float) -> list[Face]:
    """Convert rows to faces in picture pixels, best score first."""
    faces = []
    for row in rows:
        x, y, width, height = (float(value) / scale for value in row[:4])
        faces.append(Face((x, y, width, height), row[4:14].reshape(5, 2) / np.float32(scale), float(row[14])))
    return faces


class Detector:
    def __init__(self, session: OnnxSession, score_min: float) -> None:
        self._session = session
        self._score_min = score_min

    def detect(self, image: Image, scale_max: float = 1.0) -> list[Face]:
        """Find every face in a BGR picture, best score first; an empty list if there is none.

        `scale_max` 0-1: search the picture shrunk to this part of its size, for speed. After shrinking, faces with 14
        px between the eyes are found as surely as large ones. At 10 px some are missed, at 7 px many (docs/SPEED.md).
        """
        prepared = preprocess(image, scale_max)
        outputs = self._session.run(prepared.tensor)
        rows = decode(outputs, prepared.tensor.shape[3], self._score_min)
        return postprocess(suppress(rows, self._score_min), prepared.scale)
