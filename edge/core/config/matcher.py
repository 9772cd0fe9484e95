"""[matcher]: how faces are found and compared."""

from typing import Literal

from pydantic import Field, model_validator

from edge.core.config.section import ConfigSection

FPIR_TARGET = 0.003
"""Of 1,000 frames of strangers 3 may reach the threshold. The vote over several frames lowers that further."""


class MatcherConfig(ConfigSection):
    """How faces are found and compared."""

    pack: str = Field(
        default="opencv-zoo", description="A model pack of models/manifest.toml, or your own: insightface:/folder."
    )
    threads: int = Field(default=2, ge=1, le=16, description="CPU threads of one inference.")
    providers: tuple[str, ...] = Field(
        default=("CPUExecutionProvider",),
        min_length=1,
        description="onnxruntime execution providers; a missing one is an error.",
    )
    detector_score_min: float = Field(
        default=0.7, ge=0.1, le=0.99, description="Detections below this score are no face."
    )
    threshold: float | None = Field(
        default=None,
        ge=0.2,
        le=0.95,
        description="Lowest comparison score that counts; unset: from fpir_target and the gallery's size.",
    )
    fpir_target: float = Field(
        default=FPIR_TARGET,
        ge=0.0001,
        le=0.02,
        description="Share of strangers' frames that may reach the threshold; a lower one refuses more workers.",
    )
    self_calibrate: Literal["off", "propose", "apply"] = Field(
        default="propose",
        description='This gate\'s own scores may correct the threshold: "off" (not counted), "propose" (shown) or "apply".',
    )
    votes_needed: int = Field(default=3, ge=1, le=20, description="k: number of frames that must agree on one worker.")
    votes_window: int = Field(default=5, ge=1, le=30, description="n: number of newest usable frames that vote.")
    early_exit_rarity: int = Field(
        default=100,
        ge=0,
        le=1_000_000,
        description="Two frames suffice if a stranger's score is this many times rarer than the threshold's; 0: never.",
    )
    eye_distance_min_px: float = Field(default=28, ge=8, le=400, description="A smaller face is asked to come closer.")
    lane_left: float = Field(
        default=0,
        ge=0,
        le=0.9,
        description="Left edge of the lane, as a fraction of the picture's width. Faces beyond it are ignored.",
    )
    lane_right: float = Field(
        default=1, ge=0.1, le=1, description="Right edge of the lane, as a fraction of the picture's width."
    )
    face_brightness_min: float = Field(
        default=35, ge=0, le=255, description="A darker face (mean grey level) is reported as too dark."
    )
    sharpness_min: float = Field(
        default=30,
        ge=0,
        le=10_000,
        description="A blurrier face is asked to hold still (thousandths of its own variance; `sharpness` in quality.py).",
    )
    glare_max: float = Field(
        default=0.25, ge=0, le=1, description="A face with a larger white share is asked to step out of the glare."
    )
    nod_min: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="A face that looks further up is asked to look down (nose between eyes 0 and mouth 1).",
    )
    nod_max: float = Field(default=0.69, ge=0, le=1, description="A face that looks further down is asked to look up.")
    turn_max: float = Field(
        default=0.55,
        ge=0.1,
        le=2,
        description="A face turned further away is asked to look at the camera (nose offset / half eye distance).",
    )
    approach_gap_ms: int = Field(
        default=700, ge=100, le=10_000, description="An empty lane for this time ends an approach."
    )

    @model_validator(mode="after")
    def _votes_fit(self) -> "MatcherConfig":
        if self.votes_needed > self.votes_window:
            raise ValueError("votes_needed is larger than votes_window: no vote could ever be won")
        return self

    @model_validator(mode="after")
    def _lane_has_width(self) -> "MatcherConfig":
        if self.lane_right - self.lane_left < 0.1:
            raise ValueError("lane_right must be at least 0.1 larger than lane_left")
        return self
