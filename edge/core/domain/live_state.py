"""The gate's present state, for the screen and for health messages."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from contract.messages import Advice, DataTier, Direction, DiskStep, ListBase, ListKind
from edge.core.domain.devices import Tone
from edge.core.passage import PassageState


class Recognition(BaseModel):
    """What the threshold rests on, and what the gate's own scores say of it.

    `tail`: "pack", "gallery" (the workers' own templates) or "config" (set by hand). `correction` was added to the threshold;
    `proposed` is the threshold that the scores ask for, None while they ask for no other. `drift` holds, by what was watched, the
    population stability index over its limit: from 1 on it alarms, if it moved for the worse (`alarms`).
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    workers: int
    fpir_target: float
    tail: str
    correction: float = 0.0
    proposed: float | None = None
    drift: dict[str, float] = {}
    alarms: tuple[str, ...] = ()


class DiskState(BaseModel):
    """The disk under the journal. `days_left`: until it or the journal's budget is full, None if neither fills."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    step: DiskStep
    free_mb: float
    days_left: float | None = None


class LiveState(BaseModel):
    """The lane at this moment, for the screen and for health telemetry; overwritten, never history."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    utc: datetime
    direction: Direction
    gate_state: PassageState | str = Field(union_mode="left_to_right")
    """A text only where the gate process is of another version, or has said nothing yet."""
    tone: Tone
    advice: Advice | None = None
    camera_ok: bool = False
    camera_detail: str = ""
    frames_per_s: float = 0.0
    gallery_size: int = 0
    threshold: float | None = None
    recognition: Recognition | None = None
    clock_trusted: bool = False
    model_id: str = ""
    uptime_s: float = 0.0
    """Since the gate process started."""
    memory_mb: float = 0.0
    """Of the gate process."""
    passages: int = 0
    """People who passed this gate's own way since then."""
    roster_tier: DataTier = DataTier.EXPIRED
    risk_tier: DataTier = DataTier.EXPIRED
    trusts: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    """See `RosterState`: the process with the network tells HQ, and must not read the site's key itself."""
    roster_base: ListBase | None = None
    disk: DiskState | None = None
    lists_refused: dict[ListKind, int] = Field(default_factory=dict)
    """Lists of which an older version lies here than was in force before, and that version."""
    lists_older: tuple[ListKind, ...] = ()
    """Lists whose next version may be an older one, because a technician said so."""
    clock_behind: bool = False
    """The clock shows a time that lies behind one that it has shown before."""
    liveness: str = ""
    """The mode that is in force; '' from a gate process that does not tell."""
