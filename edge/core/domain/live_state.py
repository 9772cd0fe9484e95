"""The gate's present state, for the screen and for health messages."""

from pydantic import BaseModel, ConfigDict, Field

from contract.messages import Advice, DataTier, Direction, DiskStep, Id, ListBase, ListKind, Utc
from edge.core.domain.devices import Tone
from edge.core.domain.lists import ListMark
from edge.core.passage import PassageState


class Recognition(BaseModel):
    """What the threshold depends on, and what the gate's own scores suggest.

    `tail`: "pack", "gallery" (the workers' own templates) or "config" (set by hand). `correction`: added to the
    threshold. `proposed`: the threshold by the gate's scores; None if it is the same.

    `drift`: the population stability index over its limit, by watched quantity. From 1 on it alarms, if it moved for
    the worse (`alarms`).
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
    """The disk under the journal. `days_left`: until it or the journal's budget is full; None if neither fills."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    step: DiskStep
    free_mb: float
    days_left: float | None = None


class LiveState(BaseModel):
    """The gate's present state, for the screen and for health messages. It is overwritten and has no history."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    utc: Utc
    direction: Direction
    gate_state: PassageState | str = Field(union_mode="left_to_right")
    """A plain text only from a gate process of another version, or before the first state."""
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
    """People who passed this gate's own way since the start."""
    roster_tier: DataTier = DataTier.EXPIRED
    risk_tier: DataTier = DataTier.EXPIRED
    trusts: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    """See `RosterState`: the network process reports them to HQ, but must not read the site's key."""
    roster_base: ListBase | None = None
    disk: DiskState | None = None
    lists_refused: dict[ListKind, int] = Field(default_factory=dict)
    """Lists of which only an older version is here, and the version that was in force."""
    lists_used: dict[ListKind, ListMark] = Field(default_factory=dict)
    """The highest version of each list that was ever in force here."""
    lists_older: tuple[ListKind, ...] = ()
    """Lists whose next version may be older, by a technician's request."""
    clock_behind: bool = False
    """The clock is behind a time that it has shown before."""
    liveness: str = ""
    """The liveness mode in force; '' from a gate process that does not report it."""
    camera_opening: bool = False
    """The camera is still being opened for the first time: it is not lost."""
    lock_down: str = ""
    """Which lock-down holds, by an opaque mark; "" : none, or a gate process that does not report it."""
    greets: Id | None = None
    """The worker just admitted, if the policy lets the lane show a short name."""
