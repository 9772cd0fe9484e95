"""Sources through OpenCV: a USB camera, a network camera, a video file."""

import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from pydantic import SecretStr

from edge.capture.source import CameraFault
from edge.core.domain import Image
from edge.core.rtsp_address import url_problem

FFMPEG_QUIET = "-8"
"""AV_LOG_QUIET: FFmpeg's own lines contain parts of an address, and may contain parts of the password."""


class _OpenCvSource:
    """Holds what all OpenCV sources share: the handle, reading, releasing."""

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


class V4l2Source(_OpenCvSource):
    """Reads a USB or CSI camera by its Linux video device: a number (0 = /dev/video0) or a path."""

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


class RtspSource(_OpenCvSource):
    """Reads a network camera. Set its key-frame interval below camera.hang_timeout_ms, or a still scene may count as
    frozen."""

    rate_hz: float | None = None

    def __init__(self, url: SecretStr | Callable[[], SecretStr], open_timeout_s: float, read_timeout_s: float) -> None:
        self._url = url
        self._timeouts_ms = int(open_timeout_s * 1000), int(read_timeout_s * 1000)
        super().__init__("the RTSP camera")

    def open(self) -> None:
        secret = self._url() if callable(self._url) else self._url  # at each opening: it may have changed
        url = secret.get_secret_value()
        if problem := url_problem(url):
            raise CameraFault(f"camera.url: {problem}")
        # UDP loses packets and smears faces. OpenCV takes FFMPEG options from the environment alone.
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", FFMPEG_QUIET)
        opening_ms, reading_ms = self._timeouts_ms
        limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, opening_ms, cv2.CAP_PROP_READ_TIMEOUT_MSEC, reading_ms]
        handle = self._hold(
            cv2.VideoCapture(url, cv2.CAP_FFMPEG, limits),
            "the RTSP camera does not answer: check its power and network, and address, user and password in camera.url",
        )
        handle.set(cv2.CAP_PROP_BUFFERSIZE, 1)


class FileSource(_OpenCvSource):
    """Reads a video file at its own frame rate (`ask_hz` where the file has none)."""

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
