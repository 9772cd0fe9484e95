"""Choose the source of frames that the configuration names. The Pi's own camera is here too.

The capture thread, and every other source, are in `edge.capture`. picamera2 is imported when the camera is first
opened.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import SecretStr

from common.libraries import extra, loading
from contract.signing import BadKey
from edge.capture.folder import FolderSource
from edge.capture.opencv import FileSource, RtspSource, V4l2Source
from edge.capture.source import CameraFault, Source
from edge.capture.thread import OPEN_PATIENCE, CaptureThread
from edge.core.config import CameraConfig
from edge.core.domain import Image
from edge.system.key_files import secret

__all__ = ["CameraFault", "CaptureThread", "Source", "source_for"]

INSTALL = (
    "apt install python3-picamera2 and a virtual environment with --system-site-packages, or "
    f"{extra('pi')}; or set camera.source"
)
READ_PATIENCE = 0.75
"""The SDK's own timeout, as a part of hang_timeout_ms: a source that gives up itself also releases the device."""


def source_for(config: CameraConfig) -> Callable[[], Source]:
    """Return a maker of the configured source. "walkup" is not a device: `edge.sim` makes it.

    Raises:
        CameraFault: the configuration lacks what the source needs.
    """
    size = config.width_px, config.height_px
    hang_s = config.hang_timeout_ms / 1000
    if config.source in ("file", "folder") and config.path is None:
        raise CameraFault(f"camera.path is not set: source {config.source!r} needs it")
    path = config.path or Path()
    match config.source:
        case "picamera2":
            return partial(Picamera2Source, config.device, *size, config.rate_hz, hang_s * READ_PATIENCE)
        case "v4l2":
            return partial(V4l2Source, config.device, *size, config.rate_hz)
        case "rtsp":
            return partial(
                RtspSource, partial(_url, config), hang_s * OPEN_PATIENCE * READ_PATIENCE, hang_s * READ_PATIENCE
            )
        case "file":
            return partial(FileSource, path, config.repeat, config.rate_hz)
        case "folder":
            return partial(FolderSource, path, config.repeat, config.rate_hz)
    raise CameraFault(f"{config.source!r} is not a device")


def _url(config: CameraConfig) -> SecretStr:
    """Raises CameraFault."""
    try:
        return secret(config.url, config.url_path, "camera.url_path")
    except BadKey as error:
        raise CameraFault(str(error)) from error


class Picamera2Source:
    """The Raspberry Pi's camera module through picamera2, which is imported when first opened."""

    rate_hz: float | None = None

    def __init__(self, device: str, width: int, height: int, ask_hz: float, read_timeout_s: float) -> None:
        self.name = f"Pi camera {device}"
        self._device, self._size, self._ask_hz, self._timeout_s = device, (width, height), ask_hz, read_timeout_s
        self._camera: Any = None

    def open(self) -> None:
        with loading("picamera2", INSTALL, CameraFault, rebuilt="simplejpeg"):
            from picamera2 import Picamera2
        found = len(Picamera2.global_camera_info())
        if not self._device.isdecimal() or int(self._device) >= found:
            raise CameraFault(
                f"no Pi camera {self._device} ({found} found): check the ribbon cable and camera.device (list: rpicam-hello --list-cameras)"
            )
        self._camera = Picamera2(int(self._device))
        # "RGB888" names the bits from the high end: in memory it is B, G, R, the order of OpenCV.
        main = {"size": self._size, "format": "RGB888"}
        self._camera.configure(self._camera.create_video_configuration(main=main, controls={"FrameRate": self._ask_hz}))
        self._camera.start()

    def read(self) -> Image | None:
        return np.asarray(self._camera.capture_array("main", wait=self._timeout_s), np.uint8)

    def close(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()
