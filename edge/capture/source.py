"""The protocol of a source of pictures; and fitting its pictures to the frame without distortion."""

from typing import Protocol

import cv2
import numpy as np

from edge.core.domain import Image


class CameraFault(OSError):
    """A camera that cannot be opened or read. The message is for the technician."""


class Source(Protocol):
    """A source of pictures, used by one thread at a time."""

    name: str
    """For status and logs; never contains a secret."""
    rate_hz: float | None
    """How often to read it. None: a live device with its own pace. Known at the latest after `open`."""

    def open(self) -> None:
        """Open the device. Raises: CameraFault, or any error of the SDK."""

    def read(self) -> Image | None:
        """Read the next picture in an array of its own, of any size; None if the device delivered nothing.

        Raises: EOFError at the end of a recording; CameraFault, or any error of the SDK.
        """

    def close(self) -> None:
        """Release the device. May be called twice and without `open`."""


def letterbox(image: Image, width: int, height: int) -> Image:
    """Scale the picture to fit into width x height pixels, centred on black.

    Both axes get the same scale: the proportions of a face are what is compared.
    """
    rows, columns = image.shape[:2]
    if (columns, rows) == (width, height):
        return image
    scale = min(width / columns, height / rows)
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if size == (width, height):
        return np.asarray(small, np.uint8)
    canvas = np.zeros((height, width, 3), np.uint8)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    canvas[top : top + size[1], left : left + size[0]] = small
    return canvas
