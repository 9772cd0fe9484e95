"""What the lane page says: pure, and made of enum members only.

A worker id, a name or a reason cannot reach the lane because nothing here can carry one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contract.messages import Advice
from edge.core.domain import LiveState, Tone
from edge.core.passage import PassageState

STALE_AFTER = timedelta(seconds=5)
"""The gate writes its live state at least every second; older than this, it is not running."""


class Sign(StrEnum):
    """Everything the lane can say: one icon and one sentence each. Every `Advice` is a sign."""

    READY = "ready"
    WALK_THROUGH = "walk_through"
    COME_CLOSER = "come_closer"
    MORE_LIGHT = "more_light"
    LESS_LIGHT = "less_light"
    HOLD_STILL = "hold_still"
    LOOK_AT_CAMERA = "look_at_camera"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"
    HOLD_UPRIGHT = "hold_upright"
    UNCOVER_FACE = "uncover_face"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    ONE_BY_ONE = "one_by_one"
    SHOW_CODE_OR_CARD = "show_code_or_card"
    ENTER_PIN = "enter_pin"
    LOOK_TOO = "look_too"
    NEXT_PERSON_TOO = "next_person_too"
    COME_IN_HOURS = "come_in_hours"
    DECLARE_HEALTH = "declare_health"
    RENEW_TRAINING = "renew_training"
    SEE_DESK = "see_desk"
    WAIT = "wait"
    STEP_BACK = "step_back"
    STOP = "stop"
    FIRE = "fire"
    NOT_RUNNING = "not_running"


@dataclass(frozen=True, slots=True)
class LaneView:
    tone: Tone
    sign: Sign


NOT_RUNNING = LaneView(Tone.DESK, Sign.NOT_RUNNING)

_UNADVISED: dict[Tone, Sign] = {
    Tone.IDLE: Sign.READY,
    Tone.ADJUST: Sign.WAIT,
    Tone.GO: Sign.WALK_THROUGH,
    Tone.STOP: Sign.STOP,
    Tone.DESK: Sign.SEE_DESK,
}

_WITHOUT_CAMERA = frozenset({Advice.SHOW_CODE_OR_CARD, Advice.ENTER_PIN})
"""What can still be done while the camera is lost, if a card reader is fitted."""


def is_stale(live: LiveState | None, now: datetime) -> bool:
    """True if the gate process is silent. A state from the future is as worthless as an old one."""
    return live is None or abs(now - live.utc) > STALE_AFTER


def lane_view(live: LiveState | None, now: datetime) -> LaneView:
    """The colour and the sign for the present state of the gate; both times are UTC."""
    if live is None or is_stale(live, now):
        return NOT_RUNNING
    if live.gate_state is PassageState.FIRE:
        return LaneView(Tone.GO, Sign.FIRE)
    if live.gate_state is PassageState.FIRE_OVER:
        return LaneView(Tone.GO, Sign.WALK_THROUGH)
    if live.gate_state is PassageState.LOCKDOWN:
        return LaneView(Tone.DESK, Sign.SEE_DESK)
    if live.tone is Tone.GO:
        return LaneView(Tone.GO, Sign.WALK_THROUGH)
    if not live.camera_ok and live.advice not in _WITHOUT_CAMERA:
        return NOT_RUNNING
    if live.advice is None or (live.tone is Tone.STOP and live.advice in (Advice.SEE_DESK, Advice.WAIT)):
        return LaneView(live.tone, _UNADVISED[live.tone])
    return LaneView(live.tone, Sign(live.advice.value))
