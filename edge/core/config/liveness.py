"""[liveness]: how the gate tells a person from a picture."""

from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from edge.core.config.section import ConfigSection

PHOTOS_LET_IN = "34 of 40 simulated ones were"

LivenessMode = Literal["off", "advisory", "required", "challenge_on_doubt"]

LIVENESS_MODES: tuple[LivenessMode, ...] = get_args(LivenessMode)

LIVENESS_ADVISED: LivenessMode = "challenge_on_doubt"
"""Recommended for a gate that nobody watches."""

NOT_CHOSEN = ""
"""Placeholder for the mode in a new file. A file with it is refused."""


def _chosen(mode: object) -> object:
    if mode == NOT_CHOSEN:
        known = ", ".join(f'"{each}"' for each in LIVENESS_MODES)
        raise ValueError(f'not chosen yet; write one of {known} ("{LIVENESS_ADVISED}" for a gate that nobody watches)')
    return mode


class LivenessConfig(ConfigSection):
    """How the gate tells a person from a picture. docs/SAFETY.md says what it can and cannot tell."""

    mode: Annotated[LivenessMode | None, BeforeValidator(_chosen)] = Field(
        default=None,
        description='To be chosen: "off" (a photo of a worker is let in); "advisory" (the same, recorded as doubtful); "required" '
        '(everybody is asked to turn the head); "challenge_on_doubt" (only those whose own movement has not shown a head; '
        "recommended where nobody watches).",
    )
    challenge_steps: int = Field(
        default=2,
        ge=1,
        le=4,
        description="Number of movements asked for, drawn at random for each person: left, right, closer.",
    )
    challenge_limit_ms: int = Field(
        default=12_000, ge=2_000, le=60_000, description="Time limit for the movements; after it: please see the desk."
    )

    passive: bool = Field(
        default=False,
        description="Also use the optional passive network (`sitegate models fetch --liveness`): it can raise doubt, never prove.",
    )
    passive_live_min: float = Field(
        default=0.5, ge=0.01, le=0.99, description="A face with a lower passive score is doubtful."
    )

    @model_validator(mode="after")
    def _passive_has_a_mode(self) -> "LivenessConfig":
        if self.passive and self.in_force == "off":
            raise ValueError("passive is true but mode is off, so nothing would be checked; set mode, e.g. to advisory")
        return self

    @property
    def in_force(self) -> LivenessMode:
        """The mode; "off" for a configuration of 0.1, which did not have to choose."""
        return self.mode or "off"

    @property
    def must_be_live(self) -> bool:
        """True if everybody needs the verdict "live"."""
        return self.in_force in ("required", "challenge_on_doubt")

    @property
    def danger(self) -> str:
        """What this mode admits, and what to do, for the technician; '' if only live people pass."""
        if self.must_be_live:
            return ""
        mode = f'liveness.mode is "{self.mode}"' if self.mode else 'liveness.mode is not set and goes on as "off"'
        recorded = ", and only recorded as doubtful" if self.mode == "advisory" else ""
        return (
            f"{mode}: a photo of a worker on a phone is let in{recorded} ({PHOTOS_LET_IN}). "
            f'Where nobody watches the gate, set it to "{LIVENESS_ADVISED}"'
        )
