"""Where pictures come from: USB camera, RTSP, video file, folder of photos. No threads here: see `edge.camera`.

A source is opened, read and closed by one thread. Anything it cannot do is a `CameraFault` that tells what to do.
"""

import os
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import structlog
from pydantic import SecretStr

from edge.domain import Image

log = structlog.get_logger()

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


class CameraFault(OSError):
    """A camera that cannot be opened or read; the message is for the technician."""


class Source(Protocol):
    """Something that delivers pictures, used by one thread at a time."""

    name: str
    """For status and logs; never holds a secret."""
    rate_hz: float | None
    """How often to read it. None: a live device that keeps its own pace; known at the latest after `open`."""

    def open(self) -> None:
        """Raises: CameraFault or whatever the SDK raises."""

    def read(self) -> Image | None:
        """The next picture in an array of its own, of any size; None if the device delivered nothing.

        Raises: EOFError at the end of a recording; CameraFault or whatever the SDK raises.
        """

    def close(self) -> None:
        """Let go of the device; may be called twice and without `open`."""


def letterbox(image: Image, width: int, height: int) -> Image:
    """The picture scaled to fit into width x height pixels, centred on black.

    Both axes get the same scale: a face must never be squeezed, its proportions are what is compared.
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


class _Capture:
    """What all OpenCV sources share: the handle, reading, releasing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._handle: cv2.VideoCapture | None = None

    def read(self) -> Image | None:
        if self._handle is None:
            raise CameraFault(f"{self.name} is not open")
        fine, image = self._handle.read()
        return np.asarray(image, np.uint8) if fine else None

    def close(self) -> None:
        if self._handle is not None:
            self._handle.release()
            self._handle = None

    def _hold(self, handle: cv2.VideoCapture, problem: str) -> cv2.VideoCapture:
        if not handle.isOpened():
            handle.release()
            raise CameraFault(problem)
        self._handle = handle
        return handle


class V4l2Source(_Capture):
    """A USB or CSI camera by its Linux video device: a number (0 = /dev/video0) or a path."""

    rate_hz: float | None = None

    def __init__(self, device: str, width: int, height: int, ask_hz: float) -> None:
        self._path = Path(f"/dev/video{device}") if device.isdecimal() else Path(device)
        self._asked = (width, height, ask_hz)
        super().__init__(f"camera {self._path}")

    def open(self) -> None:
        if not self._path.exists():
            raise CameraFault(
                f"there is no {self._path}: plug the camera in, or set camera.device (list: v4l2-ctl --list-devices)"
            )
        if not os.access(self._path, os.R_OK | os.W_OK):
            raise CameraFault(f"no permission for {self._path}: add this user to the group video")
        handle = self._hold(
            cv2.VideoCapture(str(self._path), cv2.CAP_V4L2),
            f"{self._path} does not open as a camera: is another program using it, or is it the wrong camera.device?",
        )
        width, height, ask_hz = self._asked
        # MJPG: at 640x480 most USB cameras reach their full rate only compressed. One buffer: no old pictures.
        handle.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        handle.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        handle.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        handle.set(cv2.CAP_PROP_FPS, ask_hz)
        handle.set(cv2.CAP_PROP_BUFFERSIZE, 1)


class RtspSource(_Capture):
    """A network camera. Set its key-frame interval below camera.hang_timeout_ms, or a still scene may look frozen."""

    rate_hz: float | None = None

    def __init__(self, url: SecretStr, open_timeout_s: float, read_timeout_s: float) -> None:
        self._url = url
        self._timeouts_ms = int(open_timeout_s * 1000), int(read_timeout_s * 1000)
        super().__init__("the RTSP camera")

    def open(self) -> None:
        url = self._url.get_secret_value()
        if not url.startswith(("rtsp://", "rtsps://")):
            raise CameraFault("camera.url must be rtsp://user:password@address/path")
        # UDP loses packets and smears faces. OpenCV takes FFMPEG options from the environment alone.
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
        opening_ms, reading_ms = self._timeouts_ms
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, opening_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, reading_ms]
        handle = self._hold(
            cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits),
            "the RTSP camera does not answer: check its power and network, and address, user and password in camera.url",
        )
        handle.set(cv2.CAP_PROP_BUFFERSIZE, 1)


class FileSource(_Capture):
    """A video file at its own frame rate (`ask_hz` where it names none)."""

    def __init__(self, path: Path, repeat: bool, ask_hz: float) -> None:
        self._path, self._repeat = path, repeat
        self.rate_hz: float | None = ask_hz
        super().__init__(f"video {path.name}")

    def open(self) -> None:
        if not self._path.is_file():
            raise CameraFault(f"there is no video file {self._path}: check camera.path")
        handle = self._hold(
            cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG),
            f"{self._path} is no video that can be read: convert it with ffmpeg to H.264 in .mp4",
        )
        own = handle.get(cv2.CAP_PROP_FPS)
        if 0 < own <= 240:
            self.rate_hz = own

    def read(self) -> Image | None:
        image = super().read()
        if image is None and self._repeat and self._handle is not None:
            self._handle.set(cv2.CAP_PROP_POS_FRAMES, 0)
            image = super().read()
            if image is None:
                raise CameraFault(f"{self._path} holds no picture that can be read: convert it with ffmpeg")
        if image is None:
            raise EOFError
        return image


class FolderSource:
    """The photos of a folder in the order of their names, each shown for `show_s` seconds."""

    def __init__(self, path: Path, repeat: bool, rate_hz: float, show_s: float = 2.0) -> None:
        self.name = f"folder {path.name}"
        self.rate_hz: float | None = rate_hz
        self._path, self._repeat = path, repeat
        self._showings = max(1, round(show_s * rate_hz))
        self._left = 0
        self._photo: Image | None = None
        self._queue: list[Path] = []

    def open(self) -> None:
        self._queue = self._photos()

    def read(self) -> Image | None:
        if not self._left or self._photo is None:
            self._photo, self._left = self._next(), self._showings
        self._left -= 1
        return self._photo.copy()

    def close(self) -> None:
        self._queue, self._photo, self._left = [], None, 0

    def _next(self) -> Image:
        """The next photo that can be read."""
        for _ in range(2):
            while self._queue:
                path = self._queue.pop(0)
                photo = cv2.imread(str(path), cv2.IMREAD_COLOR)
                if photo is not None:
                    return np.asarray(photo, np.uint8)
                log.warning("photo_unreadable", file=path.name)
            if not self._repeat:
                break
            self._queue = self._photos()
        if self._photo is None:
            raise CameraFault(f"no photo in {self._path} can be read: replace the files")
        raise EOFError

    def _photos(self) -> list[Path]:
        kinds = " ".join(sorted(PHOTO_SUFFIXES))
        if not self._path.is_dir():
            raise CameraFault(f"there is no folder {self._path}: check camera.path")
        found = sorted(p for p in self._path.iterdir() if p.suffix.lower() in PHOTO_SUFFIXES and p.is_file())
        if not found:
            raise CameraFault(
                f"the folder {self._path} holds no photo: put files with one of these endings in it: {kinds}"
            )
        return found
