"""Turn, scale and shift a face so that its landmarks lie where the embedder expects them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Face, Image, Points

SIZE_PX = 112
REFERENCE: Points = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]],
    dtype=np.float32,
)
"""The ArcFace reference points on a 112 × 112 picture, in the order of `Face.landmarks`."""


def similarity_transform(source: Points, target: Points) -> NDArray[np.float64]:
    """Find the (2, 3) rotation, scale and shift that takes `source` nearest to `target` by least squares.

    The closed form of Umeyama (1991) for two dimensions without reflection. With points as complex numbers about their
    means, the factor is Σ conj(s)·t / Σ |s|².

    Raises:
        ValueError: all source points are the same.
    """
    s = source[:, 0].astype(np.float64) + 1j * source[:, 1]
    t = target[:, 0].astype(np.float64) + 1j * target[:, 1]
    s_mean, t_mean = s.mean(), t.mean()
    spread = float(np.sum(np.abs(s - s_mean) ** 2))
    if spread <= 0:
        raise ValueError("the landmarks are all at one point")
    factor = np.sum(np.conj(s - s_mean) * (t - t_mean)) / spread
    shift = t_mean - factor * s_mean
    return np.array([[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]])


def centred_reference(side_px: int, eye_distance_px: float) -> Points:
    """Place the reference points in the middle of a square crop: upright, with this distance between the eyes."""
    size = eye_distance_px / float(np.linalg.norm(REFERENCE[1] - REFERENCE[0]))
    target: Points = ((REFERENCE - REFERENCE.mean(axis=0)) * size + side_px / 2).astype(np.float32)
    return target


def align(image: Image, face: Face) -> Image:
    """Cut out the face as a (112, 112, 3) BGR picture. What lies outside the frame is black."""
    matrix = similarity_transform(face.landmarks, REFERENCE)
    return cv2.warpAffine(image, matrix, (SIZE_PX, SIZE_PX), flags=cv2.INTER_LINEAR)  # type: ignore[return-value]
