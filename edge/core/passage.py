"""The passage: a pure state machine from a granted decision to the recorded outcome, for tripod, swing gate and door.

`TRANSITIONS` lists every transition; an input that is not listed for a state changes nothing. The caller executes the
returned actions in order, and feeds inputs back. A missing device (door contact, rotation sensor) never reports, so one
table serves all kinds. docs/SAFETY.md shows it (`sitegate passage`).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from contract.messages import Direction, NoticeCode, PassageOutcome


class PassageState(StrEnum):
    LOCKED = "locked"
    LOCKDOWN = "lockdown"
    """Locked by order: workers are refused, the ways out and the guard are not."""
    RELEASED = "released"
    """A pulse was given; waiting for the passage."""
    PASSING = "passing"
    """The arm turns."""
    CLEARING = "clearing"
    """A person has passed and the gate is locked. A second person now is tailgating."""
    OPEN = "open"
    """A released door stands open."""
    THROUGH = "through"
    """A released door stands open, and a person has passed."""
    HELD_OPEN = "held_open"
    """The door stands open for too long."""
    FORCED_OPEN = "forced_open"
    """The door was opened without a release."""
    FIRE = "fire"
    """Held open while the fire panel reports a fire."""
    FIRE_OVER = "fire_over"
    """The fire is over; held open until the reset."""


class PassageInput(StrEnum):
    GRANT = "grant"
    """A worker who may pass, or HQ's order."""
    EXIT = "exit"
    """A worker who may leave, if a lock-down does not apply to leaving."""
    ADMIT = "admit"
    """A guard admits a person by hand."""
    REX = "rex"
    """The free exit button (request to exit)."""
    ROTATING = "rotating"
    PASSED = "passed"
    """A person passed the released way, or any way if the sensor cannot tell."""
    PASSED_BACK = "passed_back"
    """A person passed against the released way."""
    DOOR_OPENED = "door_opened"
    DOOR_CLOSED = "door_closed"
    TIMEOUT = "timeout"
    """The present state's time is over."""
    FIRE_ON = "fire_on"
    FIRE_OFF = "fire_off"
    """The fire is over; a reset is still needed."""
    FIRE_CLEARED = "fire_cleared"
    """The fire is over, and no reset is needed."""
    RESET = "reset"
    LOCK_DOWN = "lock_down"
    RELEASE_LOCK_DOWN = "release_lock_down"


class Action(StrEnum):
    PULSE = "pulse"
    LOCK = "lock"
    HOLD_OPEN = "hold_open"
    ALARM = "alarm"
    RECORD_PASSED = "record_passed"
    RECORD_NOT_TAKEN = "record_not_taken"
    RECORD_FORCED = "record_forced"
    RECORD_REVERSED = "record_reversed"
    RECORD_TAILGATED = "record_tailgated"
    RECORD_HELD_OPEN = "record_held_open"
    RECORD_HELD_OPEN_OVER = "record_held_open_over"
    RECORD_REX = "record_rex"
    RECORD_FIRE_ON = "record_fire_on"
    RECORD_FIRE_OFF = "record_fire_off"
    RECORD_FIRE_RESET = "record_fire_reset"
    RECORD_LOCKED_DOWN = "record_locked_down"
    RECORD_LOCK_DOWN_OVER = "record_lock_down_over"


OUTCOMES: dict[Action, PassageOutcome] = {
    Action.RECORD_PASSED: PassageOutcome.PASSED,
    Action.RECORD_NOT_TAKEN: PassageOutcome.NOT_TAKEN,
    Action.RECORD_FORCED: PassageOutcome.FORCED,
    Action.RECORD_REVERSED: PassageOutcome.REVERSED,
    Action.RECORD_TAILGATED: PassageOutcome.TAILGATED,
}
NOTICES: dict[Action, NoticeCode] = {
    Action.RECORD_HELD_OPEN: NoticeCode.HELD_OPEN,
    Action.RECORD_HELD_OPEN_OVER: NoticeCode.HELD_OPEN_OVER,
    Action.RECORD_REX: NoticeCode.REX,
    Action.RECORD_FIRE_ON: NoticeCode.FIRE_ON,
    Action.RECORD_FIRE_OFF: NoticeCode.FIRE_OFF,
    Action.RECORD_FIRE_RESET: NoticeCode.FIRE_RESET,
    Action.RECORD_LOCKED_DOWN: NoticeCode.LOCKED_DOWN,
    Action.RECORD_LOCK_DOWN_OVER: NoticeCode.LOCK_DOWN_OVER,
}

_S, _I, _A = PassageState, PassageInput, Action
_Row = tuple[PassageState, tuple[Action, ...]]

RELEASES = (_I.GRANT, _I.EXIT, _I.ADMIT, _I.REX)
"""The inputs that may energise the relay for one person."""
AT_REST = (_S.LOCKED, _S.LOCKDOWN, _S.CLEARING)
"""Locked, and free for the next person."""
_OPENING = (_S.RELEASED, _S.PASSING, _S.OPEN)
"""Released for a person, without an outcome yet."""
_BUSY = (_S.PASSING, _S.OPEN, _S.THROUGH, _S.HELD_OPEN, _S.FORCED_OPEN, _S.FIRE, _S.FIRE_OVER)
"""States that a lock-down does not interrupt: it must not catch a person in an arm or a door, nor end a fire."""


def _release(happened: PassageInput) -> tuple[Action, ...]:
    return (_A.PULSE, _A.RECORD_REX) if happened is _I.REX else (_A.PULSE,)


TRANSITIONS: dict[tuple[PassageState, PassageInput], _Row] = {
    # Release of one person. In a lock-down workers are refused: (LOCKDOWN, GRANT) is not listed.
    **{(s, i): (_S.RELEASED, _release(i)) for s in (_S.LOCKED, _S.CLEARING) for i in RELEASES},
    **{(_S.LOCKDOWN, i): (_S.RELEASED, _release(i)) for i in RELEASES if i is not _I.GRANT},
    (_S.RELEASED, _I.TIMEOUT): (_S.LOCKED, (_A.LOCK, _A.RECORD_NOT_TAKEN)),
    # A turnstile.
    (_S.RELEASED, _I.ROTATING): (_S.PASSING, ()),
    (_S.RELEASED, _I.PASSED): (_S.CLEARING, (_A.LOCK, _A.RECORD_PASSED)),
    (_S.RELEASED, _I.PASSED_BACK): (_S.LOCKED, (_A.LOCK, _A.RECORD_REVERSED, _A.ALARM)),
    (_S.PASSING, _I.PASSED): (_S.CLEARING, (_A.LOCK, _A.RECORD_PASSED)),
    (_S.PASSING, _I.PASSED_BACK): (_S.LOCKED, (_A.LOCK, _A.RECORD_REVERSED, _A.ALARM)),
    (_S.PASSING, _I.TIMEOUT): (_S.LOCKED, (_A.LOCK, _A.RECORD_NOT_TAKEN)),
    (_S.CLEARING, _I.PASSED): (_S.CLEARING, (_A.RECORD_TAILGATED, _A.ALARM)),
    (_S.CLEARING, _I.PASSED_BACK): (_S.CLEARING, (_A.RECORD_FORCED, _A.ALARM)),
    (_S.CLEARING, _I.TIMEOUT): (_S.LOCKED, ()),
    # A door or a swing gate: locked again when it closes.
    (_S.RELEASED, _I.DOOR_OPENED): (_S.OPEN, ()),
    (_S.OPEN, _I.PASSED): (_S.THROUGH, (_A.RECORD_PASSED,)),
    (_S.OPEN, _I.PASSED_BACK): (_S.THROUGH, (_A.RECORD_REVERSED, _A.ALARM)),
    (_S.OPEN, _I.DOOR_CLOSED): (_S.LOCKED, (_A.LOCK, _A.RECORD_NOT_TAKEN)),
    (_S.OPEN, _I.TIMEOUT): (_S.HELD_OPEN, (_A.LOCK, _A.RECORD_NOT_TAKEN, _A.RECORD_HELD_OPEN, _A.ALARM)),
    (_S.THROUGH, _I.PASSED): (_S.THROUGH, (_A.RECORD_TAILGATED, _A.ALARM)),
    (_S.THROUGH, _I.PASSED_BACK): (_S.THROUGH, (_A.RECORD_TAILGATED, _A.ALARM)),
    (_S.THROUGH, _I.DOOR_CLOSED): (_S.LOCKED, (_A.LOCK,)),
    (_S.THROUGH, _I.TIMEOUT): (_S.HELD_OPEN, (_A.LOCK, _A.RECORD_HELD_OPEN, _A.ALARM)),
    (_S.HELD_OPEN, _I.PASSED): (_S.HELD_OPEN, (_A.RECORD_FORCED, _A.ALARM)),
    (_S.HELD_OPEN, _I.PASSED_BACK): (_S.HELD_OPEN, (_A.RECORD_FORCED, _A.ALARM)),
    (_S.HELD_OPEN, _I.DOOR_CLOSED): (_S.LOCKED, (_A.LOCK, _A.RECORD_HELD_OPEN_OVER)),
    # Forced passages.
    **{(s, _I.PASSED): (s, (_A.RECORD_FORCED, _A.ALARM)) for s in (_S.LOCKED, _S.LOCKDOWN)},
    **{(s, _I.PASSED_BACK): (s, (_A.RECORD_FORCED, _A.ALARM)) for s in (_S.LOCKED, _S.LOCKDOWN)},
    **{(s, _I.DOOR_OPENED): (_S.FORCED_OPEN, (_A.RECORD_FORCED, _A.ALARM)) for s in AT_REST},
    (_S.FORCED_OPEN, _I.DOOR_CLOSED): (_S.LOCKED, (_A.LOCK,)),
    (_S.FORCED_OPEN, _I.TIMEOUT): (_S.HELD_OPEN, (_A.LOCK, _A.RECORD_HELD_OPEN, _A.ALARM)),
    # Fire overrides everything, a lock-down included.
    **{(s, _I.FIRE_ON): (_S.FIRE, (_A.HOLD_OPEN, _A.RECORD_FIRE_ON)) for s in (*AT_REST, _S.THROUGH, _S.FIRE_OVER)},
    **{(s, _I.FIRE_ON): (_S.FIRE, (_A.HOLD_OPEN, _A.RECORD_NOT_TAKEN, _A.RECORD_FIRE_ON)) for s in _OPENING},
    (_S.HELD_OPEN, _I.FIRE_ON): (_S.FIRE, (_A.HOLD_OPEN, _A.RECORD_HELD_OPEN_OVER, _A.RECORD_FIRE_ON)),
    (_S.FORCED_OPEN, _I.FIRE_ON): (_S.FIRE, (_A.HOLD_OPEN, _A.RECORD_FIRE_ON)),
    (_S.FIRE, _I.FIRE_OFF): (_S.FIRE_OVER, (_A.RECORD_FIRE_OFF,)),
    (_S.FIRE, _I.FIRE_CLEARED): (_S.LOCKED, (_A.LOCK, _A.RECORD_FIRE_OFF)),
    (_S.FIRE_OVER, _I.RESET): (_S.LOCKED, (_A.LOCK, _A.RECORD_FIRE_RESET)),
    # Lock-down: at once with an empty passage; otherwise after the passage.
    **{(s, _I.LOCK_DOWN): (_S.LOCKDOWN, (_A.RECORD_LOCKED_DOWN,)) for s in (_S.LOCKED, _S.CLEARING)},
    (_S.RELEASED, _I.LOCK_DOWN): (_S.LOCKDOWN, (_A.LOCK, _A.RECORD_NOT_TAKEN, _A.RECORD_LOCKED_DOWN)),
    **{(s, _I.LOCK_DOWN): (s, (_A.RECORD_LOCKED_DOWN,)) for s in _BUSY},
    (_S.LOCKDOWN, _I.RELEASE_LOCK_DOWN): (_S.LOCKED, (_A.RECORD_LOCK_DOWN_OVER,)),
    **{(s, _I.RELEASE_LOCK_DOWN): (s, (_A.RECORD_LOCK_DOWN_OVER,)) for s in (_S.RELEASED, *_BUSY)},
}


@dataclass(frozen=True, slots=True)
class Passage:
    """The gate's state, the person and direction of its release, and its deadline (monotonic seconds).

    `locked_down` outlives a release during a lock-down, and a fire: see `step`.
    """

    state: PassageState = PassageState.LOCKED
    locked_down: bool = False
    direction: Direction | None = None
    access_seq: int | None = None
    worker_id: str | None = None
    slow: bool = False
    deadline_s: float | None = None

    @property
    def ready(self) -> bool:
        """True if the gate may be opened for the next person."""
        return self.state in AT_REST


def step(passage: Passage, happened: PassageInput) -> tuple[Passage, tuple[Action, ...]]:
    """Return the next state and the actions.

    Two rules stand outside the table. A lock-down lasts until its release: meanwhile every way to `LOCKED` or
    `CLEARING` ends in `LOCKDOWN`. A second lock-down, or a release of none, changes nothing.

    The released person is forgotten in `LOCKED`, `LOCKDOWN`, `FIRE` and `FIRE_OVER`.
    """
    if happened is (_I.LOCK_DOWN if passage.locked_down else _I.RELEASE_LOCK_DOWN):
        return passage, ()
    found = TRANSITIONS.get((passage.state, happened))
    if found is None:
        return passage, ()
    state, actions = found
    standing = {_I.LOCK_DOWN: True, _I.RELEASE_LOCK_DOWN: False}.get(happened, passage.locked_down)
    if standing and state in AT_REST:
        state = _S.LOCKDOWN
    if state in (_S.LOCKED, _S.LOCKDOWN, _S.FIRE, _S.FIRE_OVER):
        return Passage(state=state, locked_down=standing), actions
    return replace(passage, state=state, locked_down=standing), actions
