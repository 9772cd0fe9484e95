"""A decision, and the circumstances it depends on."""

from dataclasses import dataclass
from datetime import datetime

from contract.messages import Advice, DataTier, Direction, LivenessVerdict, Origin, Reason
from contract.policy import Factor
from edge.core.domain.devices import Tone


@dataclass(frozen=True, slots=True)
class LastPassage:
    """A worker's last recorded passage at this site."""

    direction: Direction
    utc: datetime


@dataclass(frozen=True, slots=True)
class Circumstances:
    """All inputs of a decision besides the person and HQ's lists.

    `locked_down`: a lock-down closes this way. `disk_critical`: events are written from the last reserve.
    `temperature_c`: the person's, None without a reading. `inside`: people on the site now, by the presence list of
    `presence_version`; 0: by this gate's own passages alone.

    `partner`: another admissible worker who waits for a second person, or was released as the second (two-person rule).
    `gear_missing`: missing protective gear, None if nothing measures it.
    """

    site_id: str
    direction: Direction
    now: datetime
    clock_trusted: bool
    must_be_live: bool = False
    locked_down: bool = False
    disk_critical: bool = False
    temperature_c: float | None = None
    inside: int = 0
    presence_version: int = 0
    last_passage: LastPassage | None = None
    partner: str | None = None
    area: str = ""
    gear_missing: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate does with the person. It has exactly one reason, and errors become a reason too."""

    reason: Reason
    advice: Advice
    worker_id: str | None = None
    score: float | None = None
    threshold: float | None = None
    frames: int = 0
    liveness: LivenessVerdict = LivenessVerdict.NOT_CHECKED
    roster_tier: DataTier = DataTier.EXPIRED
    risk_tier: DataTier = DataTier.EXPIRED
    presence_version: int = 0
    factors: frozenset[Factor] = frozenset()
    alerts: tuple[str, ...] = ()
    temperature_c: float | None = None
    slow: bool = False
    by: str = ""
    """The account that asked for it at `origin`; "" if the gate decided by itself."""
    origin: Origin | None = None
    detail: str = ""

    @property
    def granted(self) -> bool:
        return self.reason in (Reason.GRANTED, Reason.REMOTE_OPEN, Reason.MANUAL_ADMIT)

    @property
    def tone(self) -> "Tone":
        """The tone that the lane shows."""
        return Tone.GO if self.granted else Tone.DESK if self.advice is Advice.SEE_DESK else Tone.ADJUST
