"""The gate's one TOML file: frozen, bounded, every key documented, units in the names.

An unknown key is an error with a suggestion, and all errors are reported at once. Secrets are `SecretStr`
and never printed. `edge.commands.config` turns the descriptions below into the commented file.
"""

import errno
import ipaddress
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from contract.messages import Direction, Id
from contract.places import path_problem
from contract.terminal.text import visible
from contract.unknown_keys import keys_at, unknown_key
from edge.core.rtsp_address import url_problem

Pin = Annotated[int, Field(ge=0, le=27)]
SIZE_MAX = 1_000_000
PHOTOS_LET_IN = "34 of 40 simulated ones were"
FPIR_TARGET = 0.003
"""Of 1,000 looks at strangers 3 may reach the threshold in one frame; the vote over frames comes on top."""


class ConfigError(ValueError):
    """Everything that is wrong with a config file, one line per problem in `problems`."""

    def __init__(self, path: Path | None, problems: list[str]) -> None:
        self.problems = problems
        where = str(path) if path else "the configuration"
        super().__init__(f"{where}: {len(problems)} problem(s)\n" + "\n".join(f"  - {visible(p)}" for p in problems))


class ConfigSection(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")


class SiteConfig(ConfigSection):
    """Which gate this is."""

    site_id: Id = Field(default="site-1", description="The site this gate belongs to, as HQ calls it.")
    gate_id: Id = Field(default="gate-1", description="This gate; unique within all sites.")
    direction: Direction = Field(default=Direction.IN, description='The way people pass here: "in" or "out".')
    area: str = Field(
        default="",
        max_length=60,
        description="What this gate leads to, in words for the manager: presence, occupancy and anti-passback mean this area.",
    )


class PathsConfig(ConfigSection):
    """Where things are kept."""

    state_dir: Path = Field(
        default=Path("/var/lib/sitegate"), description="gate/, sync/ and desk/: a folder for each process that writes."
    )
    models_dir: Path = Field(
        default=Path("/var/lib/sitegate/models"), description="Verified weights (`sitegate models fetch`)."
    )


class KeysConfig(ConfigSection):
    """PEM files. `sitegate-hq init` makes them; only the site's own private key is secret here."""

    hq_signing_public_path: Path = Field(
        default=Path("/etc/sitegate/keys/hq-signing.pub.pem"),
        description="Ed25519: proves that lists and commands are HQ's.",
    )
    hq_sealing_public_path: Path = Field(
        default=Path("/etc/sitegate/keys/hq-sealing.pub.pem"),
        description="X25519: enrolments made here are sealed for HQ.",
    )
    site_private_path: Path = Field(
        default=Path("/etc/sitegate/keys/site.key.pem"),
        description="X25519: opens lists sealed for this site. Readable by the gate process only. "
        '"credential:NAME" stands for a systemd credential of its unit.',
    )
    gate_signing_path: Path | None = Field(
        default=None,
        description="Ed25519, made here by the gate process: signs this gate's events and its commissioning. Unset: in its "
        'own folder. "credential:NAME" stands for a systemd credential of its unit.',
    )
    link_signing_path: Path | None = Field(
        default=None,
        description="Ed25519, made here by the sync process: signs its status, health and requests. Unset: in its own folder.",
    )


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
        "All processes read this file: better url_path.",
    )
    url_path: Path | None = Field(
        default=None,
        description="File with the address and its password, which the gate process alone reads (rtsp). "
        '"credential:NAME" stands for a systemd credential of its unit.',
    )
    path: Path | None = Field(
        default=None, description="Video file, photo folder, or walk-up script (file, folder, walkup)."
    )
    repeat: bool = Field(default=False, description="Start again at the end (file, folder, walkup).")
    width_px: int = Field(default=640, ge=160, le=3840, description="Frame width.")
    height_px: int = Field(default=480, ge=120, le=2160, description="Frame height.")
    rate_hz: float = Field(default=30, gt=0, le=120, description="Frames per second asked of the source.")
    stale_after_ms: int = Field(default=500, ge=50, le=10_000, description="An older frame is never decided on.")
    hang_timeout_ms: int = Field(
        default=3_000, ge=500, le=60_000, description="A source silent for so long is closed and reopened."
    )
    frozen_after_ms: int = Field(
        default=15_000,
        ge=1_000,
        le=120_000,
        description="A live source in whose picture nothing is new for so long but a clock, a few bytes or a codec's noise is "
        "frozen: closed and reopened. Longer than a network camera's key-frame interval.",
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


class MatcherConfig(ConfigSection):
    """How faces are found and compared."""

    pack: str = Field(
        default="opencv-zoo", description="The model pack in models/manifest.toml, or your own: insightface:/folder."
    )
    threads: int = Field(default=2, ge=1, le=16, description="CPU threads of one inference.")
    providers: tuple[str, ...] = Field(
        default=("CPUExecutionProvider",),
        min_length=1,
        description="onnxruntime execution providers; one that is missing is an error.",
    )
    detector_score_min: float = Field(default=0.7, ge=0.1, le=0.99, description="A detection below this is no face.")
    threshold: float | None = Field(
        default=None,
        ge=0.2,
        le=0.95,
        description="Comparison score from which a candidate counts; unset: from fpir_target and the gallery's size.",
    )
    fpir_target: float = Field(
        default=FPIR_TARGET,
        ge=0.0001,
        le=0.02,
        description="Share of strangers' frames that may reach the threshold; lower turns away more workers.",
    )
    self_calibrate: Literal["off", "propose", "apply"] = Field(
        default="propose",
        description='This gate\'s own scores may correct the threshold: "off" (none are counted), "propose" (shown) or "apply".',
    )
    votes_needed: int = Field(default=3, ge=1, le=20, description="k: frames that must agree on one worker.")
    votes_window: int = Field(default=5, ge=1, le=30, description="n: of the last so many usable frames.")
    early_exit_rarity: int = Field(
        default=100,
        ge=0,
        le=1_000_000,
        description="Two frames are enough if a stranger's score is so many times rarer than the threshold's; 0: never.",
    )
    eye_distance_min_px: float = Field(default=28, ge=8, le=400, description="A smaller face is told to come closer.")
    lane_left: float = Field(
        default=0,
        ge=0,
        le=0.9,
        description="Left edge of the lane, as a part of the picture's width; faces beyond it are not in it.",
    )
    lane_right: float = Field(default=1, ge=0.1, le=1, description="Right edge of the lane, likewise.")
    face_brightness_min: float = Field(
        default=35, ge=0, le=255, description="A darker face is told that it is too dark (mean grey level)."
    )
    sharpness_min: float = Field(
        default=30,
        ge=0,
        le=10_000,
        description="A blurrier face is told to hold still (thousandths of its own variance; `sharpness` in quality.py).",
    )
    glare_max: float = Field(
        default=0.25, ge=0, le=1, description="A face with a larger white share is told to step out of the glare."
    )
    nod_min: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="A face that looks further up is told so (nose between eyes 0 and mouth 1).",
    )
    nod_max: float = Field(default=0.69, ge=0, le=1, description="A face that looks further down is told to look up.")
    turn_max: float = Field(
        default=0.55,
        ge=0.1,
        le=2,
        description="A face turned further away is told to look at the camera (nose offset / half eye distance).",
    )
    approach_gap_ms: int = Field(
        default=700, ge=100, le=10_000, description="An empty lane for so long ends an approach."
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


LivenessMode = Literal["off", "advisory", "required", "challenge_on_doubt"]
LIVENESS_MODES: tuple[LivenessMode, ...] = get_args(LivenessMode)
LIVENESS_ADVISED: LivenessMode = "challenge_on_doubt"
"""For a gate that nobody watches."""
NOT_CHOSEN = ""
"""Stands for the mode in a new file until somebody has chosen one; such a file is not believed."""


def _chosen(mode: object) -> object:
    if mode == NOT_CHOSEN:
        known = ", ".join(f'"{each}"' for each in LIVENESS_MODES)
        raise ValueError(f'not chosen yet; write one of {known} ("{LIVENESS_ADVISED}" for a gate that nobody watches)')
    return mode


class LivenessConfig(ConfigSection):
    """Whether a person, or a picture of one, is in front of the gate. See docs/SAFETY.md for what it can and cannot tell."""

    mode: Annotated[LivenessMode | None, BeforeValidator(_chosen)] = Field(
        default=None,
        description='To be chosen: "off" (a photo of a worker is let in); "advisory" (the same, recorded as doubtful); "required" '
        '(everybody is asked to turn the head); "challenge_on_doubt" (only those whose own movement has not shown a head; '
        "recommended where nobody watches).",
    )
    challenge_steps: int = Field(
        default=2, ge=1, le=4, description="Movements asked for, drawn anew for each person: left, right, closer."
    )
    challenge_limit_ms: int = Field(
        default=12_000, ge=2_000, le=60_000, description="Not done after so long: please see the desk."
    )

    passive: bool = Field(
        default=False,
        description="Also ask the optional passive network (`sitegate models fetch --liveness`): it raises doubt, never proves.",
    )
    passive_live_min: float = Field(
        default=0.5, ge=0.01, le=0.99, description="A face that looks less live to the passive network is doubtful."
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
        """True if nobody passes without the verdict "live"."""
        return self.in_force in ("required", "challenge_on_doubt")

    @property
    def danger(self) -> str:
        """What this mode lets in, and what to do, for whoever sets the gate up; '' if only live people pass."""
        if self.must_be_live:
            return ""
        mode = f'liveness.mode is "{self.mode}"' if self.mode else 'liveness.mode is not set and goes on as "off"'
        recorded = ", and only recorded as doubtful" if self.mode == "advisory" else ""
        return (
            f"{mode}: a photo of a worker on a phone is let in{recorded} ({PHOTOS_LET_IN}). "
            f'Where nobody watches the gate, set it to "{LIVENESS_ADVISED}"'
        )


class ReaderConfig(ConfigSection):
    """Other ways to show who somebody is: a QR code before the camera, a card reader or PIN pad on USB."""

    device: str = Field(
        default="",
        pattern=r"^(|/.*|[0-9a-fA-F]{4}:[0-9a-fA-F]{4})$",
        description="Reader that types like a keyboard: a path (/dev/input/by-id/…-event-kbd) or USB vendor:product "
        '("08ff:0009"); "" if none is fitted. The gate takes it for itself.',
    )
    together_within_ms: int = Field(
        default=15_000,
        ge=1_000,
        le=120_000,
        description="A card, a PIN, a code and a face that follow one another within so long belong to one person.",
    )
    entry_timeout_ms: int = Field(
        default=10_000, ge=500, le=60_000, description="Digits without an Enter key for so long are forgotten."
    )
    reopen_max_ms: int = Field(
        default=10_000,
        ge=500,
        le=600_000,
        description="An unplugged reader is tried again after 500 ms, then twice as long each time up to so long.",
    )
    codes: bool = Field(default=True, description="Read HQ's QR codes from the camera's frames.")
    codes_every_ms: int = Field(
        default=100, ge=0, le=2_000, description="A frame is searched for a code at most so often."
    )


class TemperatureConfig(ConfigSection):
    """An infrared thermometer on the I2C bus. What too high means is HQ's policy."""

    sensor: Literal["off", "mlx90614", "simulated"] = Field(
        default="off", description='"off", "mlx90614" (Melexis, I2C), or "simulated" (for demo and tests).'
    )
    bus: int = Field(default=1, ge=0, le=20, description="I2C bus: 1 is /dev/i2c-1, the header's own.")
    address: int = Field(default=0x5A, ge=0x03, le=0x77, description="The sensor's address on the bus.")
    correction_c: float = Field(
        default=0,
        ge=-5,
        le=5,
        description="Added to each reading: measure people you know, at this distance and place.",
    )
    simulated_c: float = Field(default=36.4, ge=30, le=45, description="What the simulated sensor reads.")


class DecisionConfig(ConfigSection):
    """Timing of decisions. The rules themselves are HQ's policy."""

    advice_after_ms: int = Field(
        default=900,
        ge=100,
        le=10_000,
        description="A face unusable for so long is recorded as a refusal for quality, with its next step.",
    )
    repeat_after_ms: int = Field(
        default=5_000,
        ge=500,
        le=60_000,
        description="The same person standing still is looked at afresh after so long.",
    )
    left_after_ms: int = Field(
        default=5_000,
        ge=1_000,
        le=60_000,
        description="Whoever was let in is let in again only once the lane was empty for so long (on the way in).",
    )


class GateConfig(ConfigSection):
    """The relay and the inputs. Pins are BCM numbers; unset = not fitted."""

    pins: Literal["gpiozero", "mock"] = Field(
        default="gpiozero",
        description='"gpiozero" (lgpio on the device) or "mock" (gpiozero\'s mock pins, for demo and tests).',
    )
    kind: Literal["tripod", "swing_gate", "door"] = Field(
        default="tripod", description='What opens: "tripod" (turnstile), "swing_gate" or "door".'
    )
    output: Literal["relay", "wiegand26", "wiegand34", "osdp"] = Field(
        default="relay",
        description='How it is released: "relay", or a credential told to an access controller that opens by itself: '
        '"wiegand26", "wiegand34" or "osdp". The relay then only holds open in a fire.',
    )
    relay_pin: Pin = Field(default=17, description="Output that releases the turnstile (inwards, if both ways).")
    relay_out_pin: Pin | None = Field(
        default=None, description="Output that releases the way out, if it has a relay of its own."
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
        description="Bound that no pulse can exceed, enforced outside the main loop.",
    )
    slow_factor: float = Field(
        default=2,
        ge=1,
        le=5,
        description="Pulse and passage time of a worker who needs more time, times this; the bound stays.",
    )
    passage_pin: Pin | None = Field(
        default=None, description="Input that closes when somebody has passed (inwards, if passage_out_pin is set)."
    )
    passage_out_pin: Pin | None = Field(
        default=None, description="Input that closes when somebody has passed outwards."
    )
    passage_timeout_ms: int = Field(
        default=6_000,
        ge=500,
        le=60_000,
        description="Released and nobody passed: the passage counts as not taken.",
    )
    rotation_pin: Pin | None = Field(
        default=None,
        description="Input that closes while the arm turns; with rotation_out_pin the first of two overlapping contacts.",
    )
    rotation_out_pin: Pin | None = Field(
        default=None, description="Second rotation contact: closes first when somebody goes out. Both tell the way."
    )
    tailgate_ms: int = Field(
        default=1_500,
        ge=100,
        le=10_000,
        description="A second passage so soon after the first, on one release, is tailgating.",
    )
    door_pin: Pin | None = Field(
        default=None, description="Door contact, closed while the door is closed (swing_gate, door)."
    )
    held_open_ms: int = Field(
        default=15_000, ge=1_000, le=600_000, description="A door that stands open for longer is reported."
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
        description='Who passes in a lock-down, beside the exit button: "guard" (admitted by hand), "exit" (leaving).',
    )
    input_active_low: bool = Field(default=True, description="True if inputs close to ground (internal pull-up).")
    debounce_ms: int = Field(default=20, ge=0, le=500, description="Inputs must be steady for so long.")
    wiegand_d0_pin: Pin | None = Field(default=None, description="Wiegand data 0.")
    wiegand_d1_pin: Pin | None = Field(default=None, description="Wiegand data 1.")
    osdp_device: str = Field(default="/dev/ttyAMA0", description="RS-485 port of the OSDP bus.")
    osdp_baud: Literal[9600, 19200, 38400, 57600, 115200, 230400] = Field(default=9600, description="OSDP bit rate.")
    osdp_address: int = Field(default=101, ge=0, le=126, description="This gate's address on the OSDP bus.")
    osdp_key_path: Path | None = Field(
        default=None, description="File with the secure channel's key, 32 hex digits; unset: no encryption."
    )
    credential_facility: int = Field(
        default=0, ge=0, le=65_535, description="Facility code that the access controller knows this gate by."
    )
    credential_card: int = Field(default=1, ge=0, le=65_535, description="Card number for a release (inwards).")
    credential_out_card: int | None = Field(
        default=None, ge=0, le=65_535, description="Card number for a release outwards; unset: the same."
    )

    reboot: Literal["machine", "process", "never"] = Field(
        default="machine",
        description='What HQ\'s signed order "reboot" starts anew: the "machine" (under systemd), this "process", or "never".',
    )
    mock_walk_through_s: float | None = Field(
        default=None,
        ge=0.05,
        le=5,
        description="Mock pins only: somebody walks through so long after each release.",
    )

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


class JournalConfig(ConfigSection):
    """The event journal."""

    keep_days: float = Field(default=30, ge=0, le=3650, description="Events that HQ holds are kept here for so long.")
    budget_mb: int = Field(
        default=1_000,
        ge=16,
        le=1_000_000,
        description="A larger journal keeps only 7 days of what HQ holds; what HQ does not hold is always kept.",
    )


class DiskConfig(ConfigSection):
    """What the gate does when the disk with its state folder fills up (docs/OPERATIONS.md, Disk)."""

    low_mb: int = Field(default=1_000, ge=1, le=1_000_000, description="Less free space is an alarm.")
    very_low_mb: int = Field(
        default=500, ge=1, le=1_000_000, description="Less: diagnostics stop, the journal shrinks."
    )
    critical_mb: int = Field(
        default=200, ge=1, le=1_000_000, description="Less: only events; admits nobody if HQ's policy says so."
    )
    reserve_mb: int = Field(
        default=16, ge=1, le=1_024, description="Disk space held back for events (journal.reserve), in MiB."
    )
    warn_days: float = Field(
        default=7, ge=0, le=365, description="Tell when disk or budget_mb will be full within so many days; 0: never."
    )

    @model_validator(mode="after")
    def _in_order(self) -> "DiskConfig":
        problems = [
            f"{more} is {getattr(self, more)}, not more than {less} = {getattr(self, less)}: its step would never come"
            for more, less in (("low_mb", "very_low_mb"), ("very_low_mb", "critical_mb"))
            if getattr(self, more) <= getattr(self, less)
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self


class SyncConfig(ConfigSection):
    """The connection to HQ's MQTT broker."""

    broker_host: str = Field(default="localhost", min_length=1, description="Broker name or address.")
    broker_port: int = Field(default=8883, ge=1, le=65_535, description="Broker port.")
    tls: bool = Field(default=True, description="TLS; may be off only for a broker on this machine.")
    ca_path: Path | None = Field(default=None, description="CA certificate of the broker; unset: the system's.")
    client_cert_path: Path | None = Field(default=None, description="This gate's certificate.")
    client_key_path: Path | None = Field(default=None, description="This gate's certificate key.")
    username: str = Field(default="", description="Broker user name, if it asks for one.")
    password: SecretStr = Field(
        default=SecretStr(""), description="Broker password. All processes read this file: better password_path."
    )
    password_path: Path | None = Field(
        default=None,
        description="File with the broker password, which the sync process alone reads. "
        '"credential:NAME" stands for a systemd credential of its unit.',
    )
    keepalive_s: int = Field(default=20, ge=5, le=300, description="MQTT keep-alive.")
    connect_timeout_s: float = Field(
        default=10, ge=1, le=60, description="Give up one connection attempt after so long."
    )
    backoff_min_s: float = Field(
        default=0.5, ge=0.1, le=60, description="First pause before reconnecting; doubles, with jitter."
    )
    backoff_max_s: float = Field(default=60, ge=1, le=3600, description="Longest pause before reconnecting.")
    batch_events: int = Field(default=50, ge=1, le=500, description="Events in one message.")
    window_batches: int = Field(default=8, ge=1, le=100, description="Messages sent ahead of HQ's acknowledgement.")
    ack_timeout_s: float = Field(
        default=10, ge=1, le=600, description="Unacknowledged events are sent again after so long."
    )
    health_every_s: float = Field(default=15, ge=1, le=3600, description="Pause between health messages.")

    @model_validator(mode="after")
    def _plain_only_here(self) -> "SyncConfig":
        if not self.tls and not _is_loopback(self.broker_host):
            raise ValueError(f"tls = false is allowed only for a broker on this machine, not for {self.broker_host!r}")
        if (self.client_cert_path is None) != (self.client_key_path is None):
            raise ValueError("client_cert_path and client_key_path belong together")
        return self


class ScreenConfig(ConfigSection):
    """The local web pages."""

    host: str = Field(
        default="127.0.0.1",
        description="Address to listen on; keep it local unless the site's network is trusted.",
    )
    port: int = Field(default=8080, ge=0, le=65_535, description="Port; 0 picks a free one.")
    language: str = Field(
        default="en",
        pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$",
        description='Language of the pages: one of the files in edge/screen/text, "en" or "zh".',
    )


class HomeAssistantConfig(ConfigSection):
    """Home Assistant on the same broker may show this gate as a device: its state and health, nothing of people."""

    discovery: bool = Field(default=False, description="Publish a discovery message; off again, it is taken away.")
    prefix: str = Field(
        default="homeassistant",
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        max_length=100,
        description="Home Assistant's discovery prefix. The broker must let this gate write below it.",
    )

    @model_validator(mode="after")
    def _not_ours(self) -> "HomeAssistantConfig":
        if self.prefix.split("/")[0] == "sitegate":
            raise ValueError("prefix must lie outside of sitegate/, which is between gates and HQ")
        return self


class Config(ConfigSection):
    """Everything one gate is told by its technician."""

    site: SiteConfig = SiteConfig()
    paths: PathsConfig = PathsConfig()
    keys: KeysConfig = KeysConfig()
    camera: CameraConfig = CameraConfig()
    matcher: MatcherConfig = MatcherConfig()
    liveness: LivenessConfig = LivenessConfig()
    reader: ReaderConfig = ReaderConfig()
    temperature: TemperatureConfig = TemperatureConfig()
    decision: DecisionConfig = DecisionConfig()
    gate: GateConfig = GateConfig()
    indicator: IndicatorConfig = IndicatorConfig()
    journal: JournalConfig = JournalConfig()
    disk: DiskConfig = DiskConfig()
    sync: SyncConfig = SyncConfig()
    screen: ScreenConfig = ScreenConfig()
    home_assistant: HomeAssistantConfig = HomeAssistantConfig()

    @model_validator(mode="after")
    def _pins_used_once(self) -> "Config":
        users: dict[int, list[str]] = {}
        for section in ("gate", "indicator"):
            for key, value in getattr(self, section):
                if key.endswith("_pin") and value is not None:
                    users.setdefault(value, []).append(f"{section}.{key}")
        clashes = [f"pin {pin} is used by {' and '.join(keys)}" for pin, keys in sorted(users.items()) if len(keys) > 1]
        if clashes:
            raise ValueError("; ".join(clashes))
        return self


def load(path: Path) -> Config:
    """The configuration in a TOML file. Relative paths in it are relative to the file.

    Raises:
        ConfigError: unreadable file, broken TOML, or any wrong key or value; all of them at once.
    """
    try:
        text = _text(path)
        data = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(
            path, [f"cannot be read ({error.strerror}); make one with: sitegate config init --out {path}"]
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(path, [f"is not valid TOML: {error}"]) from error
    if not data:  # every key has a default, so that a file emptied by a power cut would drive pins nobody chose
        said = "holds no settings" if text.strip() else "is empty"
        raise ConfigError(
            path, [f"{said}: bring back a copy of it, or make one with: sitegate config init --out {path}"]
        )
    return parse(data, path)


def _text(path: Path) -> str:
    """What the file says, if it is of a size that a person could write. Raises OSError, UnicodeDecodeError."""
    with path.open("rb") as file:
        data = file.read(SIZE_MAX + 1)
    if len(data) > SIZE_MAX:
        raise OSError(errno.EFBIG, "larger than any configuration: is it another file?", str(path))
    return data.decode("utf-8")


def parse(data: dict[str, Any], path: Path | None = None) -> Config:
    """The configuration in a parsed TOML document; see `load`."""
    base = path.parent.resolve() if path else Path.cwd()
    wrong = list(_wrong_paths(data))
    try:
        config = Config.model_validate(_absolute(data, base))
    except ValidationError as error:
        raise ConfigError(path, [*wrong, *(_explain(e) for e in error.errors())]) from error
    if wrong:
        raise ConfigError(path, wrong)
    return config


def _wrong_paths(data: dict[str, Any], within: str = "") -> Iterator[str]:
    """Paths that no shell has read: ~ and variables would become the names of folders. Devices are paths too."""
    for key, value in data.items():
        if isinstance(value, dict):
            yield from _wrong_paths(value, f"{within}{key}.")
        elif isinstance(value, str) and (_is_path(key) or key.endswith("device") or key == "pack"):
            shown = value.partition(":")[2] if key == "pack" else value
            if problem := path_problem(shown):
                yield f"{within}{key}: {problem}"


def _is_path(key: str) -> bool:
    return key == "path" or key.endswith(("_path", "_dir"))


def _absolute(data: dict[str, Any], base: Path) -> dict[str, Any]:
    """Paths in the file made absolute, so that the working directory never matters."""
    done: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, dict):
            done[key] = _absolute(value, base)
        elif isinstance(value, str) and _is_path(key):
            done[key] = value if value.startswith("credential:") else base / value
        else:
            done[key] = value
    return done


def _explain(error: Any) -> str:
    """One pydantic error as a line with the key's full name and what to do."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return unknown_key(where, str(error["loc"][-1]), sorted(keys_at(Config, error["loc"][:-1])))
    message = error["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
