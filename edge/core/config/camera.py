"""[camera]: where frames come from."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator

from edge.core.config.section import ConfigSection
from edge.core.rtsp_address import url_problem


class CameraConfig(ConfigSection):
    """Where frames come from."""

    source: Literal["picamera2", "v4l2", "rtsp", "file", "folder", "walkup"] = Field(
        default="picamera2",
        description='"picamera2", "v4l2" (USB), "rtsp", "file" (video), "folder" (photos) or "walkup" (simulator).',
    )
    device: str = Field(default="0", description="Camera number, or a path such as /dev/video0 (picamera2, v4l2).")
    url: SecretStr = Field(
        default=SecretStr(""),
        description="rtsp://user:password@address/path (rtsp); # @ / ? : and % in the password are %23 %40 %2F %3F %3A and %25. "
        "All processes read this file: prefer url_path.",
    )
    url_path: Path | None = Field(
        default=None,
        description="File with the address and its password, which only the gate process reads (rtsp). "
        '"credential:NAME" means a systemd credential of its unit.',
    )
    path: Path | None = Field(
        default=None, description="Video file, photo folder, or walk-up script (file, folder, walkup)."
    )
    repeat: bool = Field(default=False, description="Start again at the end (file, folder, walkup).")
    width_px: int = Field(default=640, ge=160, le=3840, description="Frame width.")
    height_px: int = Field(default=480, ge=120, le=2160, description="Frame height.")
    rate_hz: float = Field(default=30, gt=0, le=120, description="Frames per second requested from the source.")
    stale_after_ms: int = Field(
        default=500, ge=50, le=10_000, description="Older frames are never used for a decision."
    )
    hang_timeout_ms: int = Field(
        default=3_000, ge=500, le=60_000, description="A source without a frame for this time is closed and reopened."
    )
    frozen_after_ms: int = Field(
        default=15_000,
        ge=1_000,
        le=120_000,
        description="A live picture in which for this time only a clock, a few bytes or a codec's noise changes is "
        "frozen, and reopened. Set it longer than a network camera's key-frame interval.",
    )
    reopen_min_ms: int = Field(
        default=500, ge=50, le=60_000, description="First pause before reopening; doubles each time."
    )
    reopen_max_ms: int = Field(default=30_000, ge=50, le=600_000, description="Longest pause before reopening.")

    @model_validator(mode="after")
    def _url_reads_as_meant(self) -> "CameraConfig":
        url = self.url.get_secret_value()
        if self.source == "rtsp" and url and (problem := url_problem(url)):
            raise ValueError(f"url: {problem}")
        return self
