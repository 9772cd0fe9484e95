"""The passage: a pure state machine from a granted decision to the recorded outcome.

Every transition stands in `TRANSITIONS`; an event that is not listed for a state changes nothing. The caller
performs the returned actions and feeds events back.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from contract.messages import PassageOutcome


class PassageState(StrEnum):
    LOCKED = "locked"
    RELEASED = "released"
    """A pulse was given; waiting for the person to pass."""
    FIRE = "fire"
    """Held open while the fire panel says so."""


class PassageInput(StrEnum):
    GRANT = "grant"
    PASSED = "passed"
    TIMEOUT = "timeout"
    FIRE_ON = "fire_on"
    FIRE_OFF = "fire_off"


class Action(StrEnum):
    PULSE = "pulse"
    LOCK = "lock"
    HOLD_OPEN = "hold_open"
    RECORD_PASSED = "record_passed"
    RECORD_NOT_TAKEN = "record_not_taken"
    RECORD_FORCED = "record_forced"
    RECORD_FIRE_ON = "record_fire_on"
    RECORD_FIRE_OFF = "record_fire_off"


OUTCOMES: dict[Action, PassageOutcome] = {
    Action.RECORD_PASSED: PassageOutcome.PASSED,
    Action.RECORD_NOT_TAKEN: PassageOutcome.NOT_TAKEN,
    Action.RECORD_FORCED: PassageOutcome.FORCED,
}

_S, _I, _A = PassageState, PassageInput, Action

TRANSITIONS: dict[tuple[PassageState, PassageInput], tuple[PassageState, tuple[Action, ...]]] = {
    (_S.LOCKED, _I.GRANT): (_S.RELEASED, (_A.PULSE,)),
    (_S.LOCKED, _I.PASSED): (_S.LOCKED, (_A.RECORD_FORCED,)),
    (_S.LOCKED, _I.FIRE_ON): (_S.FIRE, (_A.HOLD_OPEN, _A.RECORD_FIRE_ON)),
    (_S.RELEASED, _I.PASSED): (_S.LOCKED, (_A.LOCK, _A.RECORD_PASSED)),
    (_S.RELEASED, _I.TIMEOUT): (_S.LOCKED, (_A.LOCK, _A.RECORD_NOT_TAKEN)),
    (_S.RELEASED, _I.FIRE_ON): (_S.FIRE, (_A.HOLD_OPEN, _A.RECORD_NOT_TAKEN, _A.RECORD_FIRE_ON)),
    (_S.FIRE, _I.FIRE_OFF): (_S.LOCKED, (_A.LOCK, _A.RECORD_FIRE_OFF)),
}


@dataclass(frozen=True, slots=True)
class Passage:
    """Where the gate stands, for whom it was released, and until when (monotonic seconds)."""

    state: PassageState = PassageState.LOCKED
    access_seq: int | None = None
    worker_id: str | None = None
    deadline_s: float | None = None

    @property
    def ready(self) -> bool:
        """True if the gate may be opened for the next person."""
        return self.state is PassageState.LOCKED


def step(passage: Passage, happened: PassageInput) -> tuple[Passage, tuple[Action, ...]]:
    """The next state and what to do. Returning to LOCKED or going to FIRE forgets the person."""
    found = TRANSITIONS.get((passage.state, happened))
    if found is None:
        return passage, ()
    state, actions = found
    if state is PassageState.RELEASED:
        return replace(passage, state=state), actions
    return Passage(state=state), actions
