"""The camera room: sources of pictures, and the thread that keeps the newest one."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from edge.camera.folder import FolderSource
from edge.camera.opencv import FileSource, RtspSource, V4l2Source
from edge.camera.picamera import Picamera2Source
from edge.camera.source import CameraFault, Source
from edge.camera.thread import OPEN_PATIENCE, CaptureThread
from edge.config import CameraConfig

__all__ = ["CameraFault", "CaptureThread", "Source", "source_for"]

READ_PATIENCE = 0.75
"""The SDK's own timeout, as a part of hang_timeout_ms: a source that gives up by itself also lets go of the device."""


def source_for(config: CameraConfig) -> Callable[[], Source]:
    """A maker of the source that the configuration names; "walkup" is not a device and is made by `edge.sim`.

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
            return partial(RtspSource, config.url, hang_s * OPEN_PATIENCE * READ_PATIENCE, hang_s * READ_PATIENCE)
        case "file":
            return partial(FileSource, path, config.repeat, config.rate_hz)
        case "folder":
            return partial(FolderSource, path, config.repeat, config.rate_hz)
    raise CameraFault(f"{config.source!r} is not a device")
