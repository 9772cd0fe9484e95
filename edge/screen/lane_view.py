"""The lane page's view: pure, and made of enum members, but for one worker.

A reason cannot reach the lane, because no field here can hold one. The id of an admitted worker can. The page turns it
into the short name that this worker agreed to, or into nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contract.messages import Advice
from edge.core.domain import LiveState, Tone
from edge.core.passage import PassageState

STALE_AFTER = timedelta(seconds=5)
"""The gate writes its live state at least every second; older than this, it is not running."""


class StateSign(StrEnum):
    """Signs of the gate's state, shown when nobody gets an advice."""

    READY = "ready"
    STOP = "stop"
    FIRE = "fire"
    CAMERA_LOST = "camera_lost"
    NOT_RUNNING = "not_running"


Sign = Advice | StateSign
SIGNS: tuple[Sign, ...] = (
    StateSign.READY,
    *Advice,
    StateSign.STOP,
    StateSign.FIRE,
    StateSign.CAMERA_LOST,
    StateSign.NOT_RUNNING,
)
"""Everything the lane can say: one icon and one sentence each. Every `Advice` is a sign."""


def sign_named(name: str) -> Sign:
    """Raises ValueError."""
    return StateSign(name) if name in set(StateSign) else Advice(name)


@dataclass(frozen=True, slots=True)
class LaneView:
    """`greets`: the worker who was just admitted, if the policy lets the lane show a short name."""

    tone: Tone
    sign: Sign
    greets: str | None = None


NOT_RUNNING = LaneView(Tone.DESK, StateSign.NOT_RUNNING)
CAMERA_LOST = LaneView(Tone.DESK, StateSign.CAMERA_LOST)
OPENING = LaneView(Tone.ADJUST, Advice.WAIT)
DESK_SIGNS: frozenset[Sign] = frozenset({Advice.SEE_DESK, StateSign.STOP, StateSign.CAMERA_LOST, StateSign.NOT_RUNNING})
"""Signs that send people to the desk: they say where it is."""

_UNADVISED: dict[Tone, Sign] = {
    Tone.IDLE: StateSign.READY,
    Tone.ADJUST: Advice.WAIT,
    Tone.GO: Advice.WALK_THROUGH,
    Tone.STOP: StateSign.STOP,
    Tone.DESK: Advice.SEE_DESK,
}

_WITHOUT_CAMERA = frozenset({Advice.SHOW_CODE_OR_CARD, Advice.ENTER_PIN})
"""What can still be done while the camera is lost, if a card reader is fitted."""


def is_stale(live: LiveState | None, now: datetime) -> bool:
    """True if the gate process is silent. A state from the future is as useless as an old one."""
    return live is None or abs(now - live.utc) > STALE_AFTER


def lane_view(live: LiveState | None, now: datetime) -> LaneView:
    """The colour and the sign for the present state of the gate; both times are UTC."""
    if live is None or is_stale(live, now):
        return NOT_RUNNING
    if live.gate_state is PassageState.FIRE:
        return LaneView(Tone.GO, StateSign.FIRE)
    if live.gate_state is PassageState.FIRE_OVER:
        return LaneView(Tone.GO, Advice.WALK_THROUGH)
    if live.gate_state is PassageState.LOCKDOWN:
        return LaneView(Tone.DESK, Advice.SEE_DESK)
    if live.tone is Tone.GO:
        return LaneView(Tone.GO, Advice.WALK_THROUGH, live.greets)
    if not live.camera_ok and live.advice not in _WITHOUT_CAMERA:
        return OPENING if live.camera_opening else CAMERA_LOST
    if live.advice is None or (live.tone is Tone.STOP and live.advice in (Advice.SEE_DESK, Advice.WAIT)):
        return LaneView(live.tone, _UNADVISED[live.tone])
    return LaneView(live.tone, live.advice)
