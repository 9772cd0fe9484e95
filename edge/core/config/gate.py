"""[gate] and [indicator]: relay, inputs, lamps and voice."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from edge.core.config.section import ConfigSection, Pin
from edge.core.volume import PATTERN


class GateConfig(ConfigSection):
    """The relay and the inputs. Pins are BCM numbers; unset = not fitted."""

    pins: Literal["gpiozero", "mock"] = Field(
        default="gpiozero",
        description='"gpiozero" (lgpio on the device) or "mock" (gpiozero\'s mock pins, for demo and tests).',
    )
    kind: Literal["tripod", "swing_gate", "door"] = Field(
        default="tripod", description='What opens: "tripod" (turnstile), "swing_gate" or "door".'
    )
    output: Literal["relay", "wiegand26", "wiegand34", "osdp", "none"] = Field(
        default="relay",
        description='How it is released: "relay", or a credential sent to an access controller that opens by itself: '
        '"wiegand26", "wiegand34" or "osdp". With these the relay only holds open in a fire. "none": a terminal of a '
        "classroom, which opens nothing.",
    )
    relay_pin: Pin = Field(default=17, description="Output that releases the turnstile (inwards, if both ways).")
    relay_out_pin: Pin | None = Field(
        default=None, description="Output that releases the way out, if that has a separate relay."
    )
    relay_active_high: bool = Field(
        default=True,
        description="True if the relay releases on a high level. The board's pull must mean locked.",
    )
    pulse_ms: int = Field(default=600, ge=50, le=10_000, description="How long the relay is energised for one person.")
    pulse_max_ms: int = Field(
        default=2_000,
        ge=50,
        le=15_000,
        description="Bound of every pulse, enforced outside the main loop.",
    )
    slow_factor: float = Field(
        default=2,
        ge=1,
        le=5,
        description="Factor for pulse and passage time of a worker who needs more time; the bound stays.",
    )
    passage_pin: Pin | None = Field(
        default=None, description="Input that closes when a person has passed (inwards, if passage_out_pin is set)."
    )
    passage_out_pin: Pin | None = Field(
        default=None, description="Input that closes when a person has passed outwards."
    )
    passage_timeout_ms: int = Field(
        default=6_000,
        ge=500,
        le=60_000,
        description="After this time without a passage the release counts as not taken.",
    )
    rotation_pin: Pin | None = Field(
        default=None,
        description="Input that closes while the arm turns; with rotation_out_pin the first of two overlapping contacts.",
    )
    rotation_out_pin: Pin | None = Field(
        default=None,
        description="Second rotation contact: closes first when a person goes out. Both give the direction.",
    )
    tailgate_ms: int = Field(
        default=1_500,
        ge=100,
        le=10_000,
        description="A second passage within this time, on one release, is tailgating.",
    )
    door_pin: Pin | None = Field(
        default=None, description="Door contact, closed while the door is closed (swing_gate, door)."
    )
    held_open_ms: int = Field(
        default=15_000, ge=1_000, le=600_000, description="A door that stays open longer is reported."
    )
    fire_pin: Pin | None = Field(
        default=None,
        description="Input from the fire panel. The release itself must be hard-wired.",
    )
    fire_normally_closed: bool = Field(
        default=False, description="True if the fire contact opens in a fire; a cut wire then counts as fire."
    )
    fire_reset: Literal["automatic", "manual"] = Field(
        default="automatic",
        description='After a fire: locked again when the panel\'s contact goes back, or only at reset_pin ("manual").',
    )
    reset_pin: Pin | None = Field(
        default=None, description="Input of the key switch that resets the gate after a fire."
    )
    rex_pin: Pin | None = Field(default=None, description="Input of the free exit button (request to exit).")
    tamper_pin: Pin | None = Field(default=None, description="Input of the housing contact.")
    lock_down_admits: tuple[Literal["guard", "exit"], ...] = Field(
        default=("guard", "exit"),
        description='Who may pass in a lock-down, besides the exit button: "guard" (admitted by hand), "exit" (leaving).',
    )
    input_active_low: bool = Field(default=True, description="True if inputs close to ground (internal pull-up).")
    debounce_ms: int = Field(default=20, ge=0, le=500, description="Inputs must be steady for this time.")
    wiegand_d0_pin: Pin | None = Field(default=None, description="Wiegand data 0.")
    wiegand_d1_pin: Pin | None = Field(default=None, description="Wiegand data 1.")
    osdp_device: str = Field(default="/dev/ttyAMA0", description="RS-485 port of the OSDP bus.")
    osdp_baud: Literal[9600, 19200, 38400, 57600, 115200, 230400] = Field(default=9600, description="OSDP bit rate.")
    osdp_address: int = Field(default=101, ge=0, le=126, description="This gate's address on the OSDP bus.")
    osdp_key_path: Path | None = Field(
        default=None, description="File with the secure channel's key, 32 hex digits; unset: no encryption."
    )
    credential_facility: int = Field(
        default=0, ge=0, le=65_535, description="Facility code of this gate at the access controller."
    )
    credential_card: int = Field(default=1, ge=0, le=65_535, description="Card number for a release (inwards).")
    credential_out_card: int | None = Field(
        default=None, ge=0, le=65_535, description="Card number for a release outwards; unset: the same."
    )

    reboot: Literal["machine", "process", "never"] = Field(
        default="machine",
        description='What HQ\'s signed order "reboot" restarts: the "machine" (under systemd), this "process", or "never".',
    )
    mock_walk_through_s: float | None = Field(
        default=None,
        ge=0.05,
        le=5,
        description="Mock pins only: a simulated person passes this long after each release.",
    )

    @property
    def is_terminal(self) -> bool:
        """True for a terminal that only takes proofs of training."""
        return self.output == "none"

    @model_validator(mode="after")
    def _consistent(self) -> "GateConfig":
        if self.pulse_ms > self.pulse_max_ms:
            raise ValueError("pulse_ms is larger than pulse_max_ms")
        problems = [
            says
            for wrong, says in (
                (self.kind != "tripod" and self.door_pin is None, f"a {self.kind} needs door_pin: is it open?"),
                (self.kind == "tripod" and self.door_pin is not None, "a tripod has no door: leave door_pin out"),
                (self.passage_out_pin is not None and self.passage_pin is None, "passage_out_pin needs passage_pin"),
                (
                    self.rotation_out_pin is not None and self.rotation_pin is None,
                    "rotation_out_pin needs rotation_pin",
                ),
                (
                    self.rotation_out_pin is not None and self.passage_pin is not None,
                    "two rotation contacts already tell who passed: leave passage_pin out",
                ),
                (self.fire_reset == "manual" and self.reset_pin is None, 'fire_reset = "manual" needs reset_pin'),
                (self.fire_reset == "manual" and self.fire_pin is None, 'fire_reset = "manual" needs fire_pin'),
                (
                    self.output.startswith("wiegand") and None in (self.wiegand_d0_pin, self.wiegand_d1_pin),
                    "Wiegand needs wiegand_d0_pin and wiegand_d1_pin",
                ),
                (self.output == "wiegand26" and self.credential_facility > 255, "a 26 bit facility is at most 255"),
            )
            if wrong
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self


class IndicatorConfig(ConfigSection):
    """LEDs, buzzer, lamp and voice. Pins are BCM numbers; unset = not fitted."""

    red_pin: Pin | None = Field(default=None, description="Red LED.")
    green_pin: Pin | None = Field(default=None, description="Green LED.")
    blue_pin: Pin | None = Field(default=None, description="Blue LED.")
    buzzer_pin: Pin | None = Field(
        default=None, description="Active buzzer: one beep for go, two for the desk, three for stop."
    )
    fill_light_pin: Pin | None = Field(
        default=None, description="Lamp beside the camera, on while the picture is dark."
    )
    voice_dir: Path | None = Field(
        default=None, description="Folder of spoken sentences (sitegate voice make); unset: no voice."
    )
    voice_languages: tuple[str, ...] = Field(
        default=("zh", "en"), min_length=1, max_length=4, description="Languages to speak, one after the other."
    )
    voice_device: str = Field(
        default="default", min_length=1, max_length=80, description="ALSA device, as aplay -L names it."
    )
    volume_percent: int = Field(
        default=100,
        ge=0,
        le=100,
        description="Volume of the voice; 50 is half the amplitude, 6 dB less. 0 silences the buzzer too.",
    )
    volume_by_hour: tuple[Annotated[str, StringConstraints(pattern=PATTERN)], ...] = Field(
        default=(),
        max_length=24,
        description='Other volumes by local time: ["22:00-06:00 30"] is 30 percent at night. The first that fits counts.',
    )
    key_tone: bool = Field(default=True, description="Answer each key of a PIN pad with a short tone.")
