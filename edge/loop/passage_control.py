"""Drive the gate by the passage machine (`edge.core.passage`): signals in, pulses and records out."""

import threading
from collections import deque
from dataclasses import replace

from contract.messages import (
    AccessEvent,
    Direction,
    NoticeCode,
    NoticeEvent,
    Origin,
    PassageEvent,
    PassageOutcome,
    Reason,
)
from edge.core.config import Config
from edge.core.domain import GateSignal
from edge.core.lasting_ref import LastingKind, LastingRef, newest, newest_is
from edge.core.passage import NOTICES, OUTCOMES, TRANSITIONS, Action, Passage, PassageInput, PassageState, step
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import Asked, JournalWriter

_SIGNALS: dict[GateSignal, PassageInput] = {
    GateSignal.ROTATING: PassageInput.ROTATING,
    GateSignal.DOOR_OPENED: PassageInput.DOOR_OPENED,
    GateSignal.RESET: PassageInput.RESET,
    GateSignal.FIRE_ON: PassageInput.FIRE_ON,
}
_WAYS = {GateSignal.PASSED: None, GateSignal.PASSED_IN: Direction.IN, GateSignal.PASSED_OUT: Direction.OUT}
_TAMPER = {GateSignal.TAMPER: NoticeCode.TAMPER, GateSignal.TAMPER_OVER: NoticeCode.TAMPER_OVER}
REMEMBERED = 32


class PassageControl:
    """Apply inputs to the passage and execute its actions.

    A lock-down, and a fire with manual reset, survive a restart: the journal restores them. The loop and the passage
    thread (`edge.loop.passage_thread`) call this class, one at a time. No call waits for a disk.
    """

    def __init__(self, config: Config, adapters: Adapters, writer: JournalWriter) -> None:
        self._site, self._gate_config = config.site, config.gate
        self._adapters, self._writer = adapters, writer
        self._has_passage_sensor = config.gate.passage_pin is not None or config.gate.rotation_out_pin is not None
        self._lock = threading.RLock()
        self._signals: deque[GateSignal] = deque()
        self._exit_wanted_until = 0.0
        self._alarm = False
        self.passed = 0
        """Number of people who passed the gate's own way since the start."""
        self.opened = 0
        """Number of openings by a guard or HQ."""
        self._not_taken: deque[int] = deque(maxlen=REMEMBERED)
        self._released: deque[AccessEvent] = deque(maxlen=REMEMBERED)
        last = newest(adapters.journal, LastingKind.LOCKED_DOWN, LastingKind.LOCK_DOWN_OVER)
        locked_down = last is not None and last.kind is LastingKind.LOCKED_DOWN
        self.lock_down_mark = str(last) if locked_down else ""
        """Tells the present lock-down from others; "" if there is none."""
        self._passage = Passage(PassageState.LOCKDOWN if locked_down else PassageState.LOCKED, locked_down)
        if newest_is(adapters.journal, LastingKind.FIRE_ON, ended_by=LastingKind.FIRE_DONE):
            self._resume_fire()

    @property
    def state(self) -> PassageState:
        return self._passage.state

    @property
    def ready(self) -> bool:
        """True if the gate may be opened for the next person."""
        return self._passage.ready

    @property
    def fire(self) -> bool:
        """True while a fire holds the gate open."""
        return self.state in (PassageState.FIRE, PassageState.FIRE_OVER)

    @property
    def locked_down(self) -> bool:
        return self._passage.locked_down

    def refuses(self, direction: Direction) -> bool:
        """Return True if a lock-down keeps workers from passing this way."""
        return self.locked_down and self._input_for(Reason.GRANTED, direction) is PassageInput.GRANT

    def admits(self, reason: Reason, direction: Direction) -> bool:
        """Return True if a release for this reason would be executed now. A terminal releases nobody."""
        if self._gate_config.is_terminal:
            return False
        with self._lock:
            return (self.state, self._input_for(reason, direction)) in TRANSITIONS and self.ready

    @property
    def reports_passing(self) -> bool:
        """True if a sensor or a door contact reports whether a person passed."""
        return self._has_passage_sensor or self._gate_config.door_pin is not None

    def take_released(self) -> list[AccessEvent]:
        """Return the executed decisions since the last call, oldest first."""
        with self._lock:
            released = list(self._released)
            self._released.clear()
        return released

    @property
    def not_taken(self) -> tuple[int, ...]:
        """The numbers of the newest decisions after which nobody passed. Only a gate with a sensor knows them."""
        with self._lock:
            return tuple(self._not_taken)

    def take_alarm(self) -> bool:
        """Return True once after a forced passage, tailgating, a wrong direction or a door held open."""
        with self._lock:
            alarm, self._alarm = self._alarm, False
        return alarm

    def take_signals(self) -> None:
        """Apply the inputs' reports and the time-outs. Raises GateError."""
        with self._lock:
            self._signals.extend(self._adapters.gate.signals())
            while self._signals:  # a failing pulse must not lose the other signals
                self._handle(self._signals.popleft())
            for name in self._adapters.gate.chattering():
                self._writer.defer_notice(NoticeCode.SENSOR_CHATTER, f"gate.{name}: check the sensor and its wiring")
            now = self._adapters.clock.monotonic()
            if self._passage.deadline_s is not None and now >= self._passage.deadline_s:
                self._assume_passed()
                self._apply(PassageInput.TIMEOUT)
            if now < self._exit_wanted_until and self.ready:
                self._exit()

    def release(self, event: AccessEvent, slow: bool = False) -> bool:
        """Release the gate for one person, by a decision that is already on disk. Raises GateError.

        Return False if a lock-down forbids it or the gate is no longer free. The exit button or a fire may have come
        while the decision was written. The passage is then recorded as not taken.
        """
        with self._lock:
            if not self.admits(event.reason, event.direction):
                self._outcome(PassageOutcome.NOT_TAKEN, event.direction, event.seq, event.worker_id)
                return False
            self._passage = replace(
                self._passage, access_seq=event.seq, worker_id=event.worker_id, direction=event.direction, slow=slow
            )
            self.opened += event.reason in (Reason.MANUAL_ADMIT, Reason.REMOTE_OPEN)
            self._released.append(event)
            self._apply(self._input_for(event.reason, event.direction))
        return True

    def lock_down(self, by: str, why: str = "", origin: Origin = Origin.HQ) -> None:
        """Refuse all workers until `release_lock_down`. `gate.lock_down_admits` names the exceptions."""
        with self._lock:
            self._apply(PassageInput.LOCK_DOWN, asked=Asked(by, origin, why))

    def release_lock_down(self, by: str, why: str = "", origin: Origin = Origin.HQ, ends: str = "") -> bool:
        """End the lock-down. `ends`: only the one with this mark; False if another one holds, or none."""
        with self._lock:
            if ends not in ("", self.lock_down_mark):
                return False
            self._apply(PassageInput.RELEASE_LOCK_DOWN, asked=Asked(by, origin, why))
            return True

    def lock_if_at_rest(self) -> None:
        """Drive the relay to locked once more, unless a person passes or there is a fire."""
        with self._lock:
            if self.ready:
                self._adapters.gate.lock()

    def _input_for(self, reason: Reason, direction: Direction) -> PassageInput:
        if reason is Reason.REMOTE_OPEN:  # HQ must release its own lock-down first
            return PassageInput.GRANT
        admitted = self._gate_config.lock_down_admits
        if reason is Reason.MANUAL_ADMIT and "guard" in admitted:
            return PassageInput.ADMIT
        return PassageInput.EXIT if direction is Direction.OUT and "exit" in admitted else PassageInput.GRANT

    def _handle(self, signal: GateSignal) -> None:
        if signal in _TAMPER:
            self._writer.defer_notice(_TAMPER[signal])
        elif signal in _WAYS:
            self._person_passed(_WAYS[signal])
        elif signal is GateSignal.REX:
            self._exit()
        elif signal is GateSignal.DOOR_CLOSED:
            self._assume_passed()
            self._apply(PassageInput.DOOR_CLOSED)
        elif signal is GateSignal.FIRE_OFF:
            manual = self._gate_config.fire_reset == "manual"
            self._apply(PassageInput.FIRE_OFF if manual else PassageInput.FIRE_CLEARED)
        else:
            self._apply(_SIGNALS[signal])

    def _person_passed(self, way: Direction | None) -> None:
        door, gate = self._gate_config.door_pin is not None, self._gate_config
        if door and (self.state is PassageState.RELEASED or (gate.kind == "door" and self.ready)):
            return  # The door is closed, so nobody went through it. A person can climb over a swing gate.
        released = self._passage.direction
        back = way is not None and released is not None and way is not released
        self._apply(PassageInput.PASSED_BACK if back else PassageInput.PASSED, way=way)

    def _assume_passed(self) -> None:
        """Count a released and opened door as passed if no sensor reports passages."""
        if self.state is PassageState.OPEN and not self._has_passage_sensor:
            self._apply(PassageInput.PASSED)

    def _exit(self) -> None:
        """Apply the exit button. If the way in is released now, the way out follows right after."""
        busy = self.state in (PassageState.RELEASED, PassageState.PASSING)
        self._exit_wanted_until = 0.0
        if busy and self._gate_config.relay_out_pin is not None and self._passage.direction is Direction.IN:
            self._exit_wanted_until = self._adapters.clock.monotonic() + 2 * self._gate_config.passage_timeout_ms / 1000
        elif self.ready:
            self._passage = replace(self._passage, access_seq=None, worker_id=None, direction=Direction.OUT, slow=False)
            self._apply(PassageInput.REX)

    def _resume_fire(self) -> None:
        """Resume a fire after a restart. Without manual reset only the fire contact counts."""
        if self._gate_config.fire_reset == "manual":
            self._passage = replace(self._passage, state=PassageState.FIRE_OVER)
            self._adapters.gate.hold_open()
        else:
            detail = "the gate was restarted meanwhile"
            self._writer.defer(
                NoticeEvent, ref=str(LastingRef.new(LastingKind.FIRE_DONE)), code=NoticeCode.FIRE_OFF, detail=detail
            )

    def _apply(self, what: PassageInput, *, way: Direction | None = None, asked: Asked | None = None) -> None:
        before = self._passage
        self._passage, actions = step(before, what)
        if self.state is not before.state:
            # Set the deadline first: after a failing pulse the passage must still time out.
            seconds = self._seconds_in(self.state)
            deadline = None if seconds is None else self._adapters.clock.monotonic() + seconds
            self._passage = replace(self._passage, deadline_s=deadline)
        for action in actions:  # the table lists movements before records
            if action is Action.PULSE:
                self._adapters.gate.pulse(before.direction or self._site.direction, self._stretch)
            elif action is Action.LOCK:
                self._adapters.gate.lock()
            elif action is Action.HOLD_OPEN:
                self._adapters.gate.hold_open()
            elif action is Action.ALARM:
                self._alarm = True
            else:
                self._record(action, before, way, asked)

    @property
    def _stretch(self) -> float:
        return self._gate_config.slow_factor if self._passage.slow else 1.0

    def _seconds_in(self, state: PassageState) -> float | None:
        """Return how long a state lasts before TIMEOUT; None: until another input."""
        gate = self._gate_config
        if state in (PassageState.RELEASED, PassageState.PASSING):
            return gate.passage_timeout_ms / 1000 * self._stretch
        if state in (PassageState.OPEN, PassageState.THROUGH, PassageState.FORCED_OPEN):
            return gate.held_open_ms / 1000
        return gate.tailgate_ms / 1000 if state is PassageState.CLEARING else None

    def _record(self, action: Action, before: Passage, way: Direction | None, asked: Asked | None) -> None:
        if action in NOTICES:
            fields = asked.fields() if asked else {}
            self._writer.defer(NoticeEvent, ref=self._lasting_ref(action), code=NOTICES[action], **fields)
            return
        outcome = OUTCOMES[action]
        own_way = (way or before.direction or self._site.direction) is self._site.direction
        self.passed += outcome is PassageOutcome.PASSED and own_way
        # Only these two concern the worker of the release. Nobody knows who else passed.
        worker = before.worker_id if outcome in (PassageOutcome.PASSED, PassageOutcome.NOT_TAKEN) else None
        self._outcome(outcome, way or before.direction or self._site.direction, before.access_seq, worker)

    def _lasting_ref(self, action: Action) -> str | None:
        """Return the ref of a notice whose newest one holds after a restart."""
        match action:
            case Action.RECORD_FIRE_ON:
                return str(LastingRef.new(LastingKind.FIRE_ON))
            case Action.RECORD_FIRE_OFF if self.state is not PassageState.FIRE_OVER:
                return str(LastingRef.new(LastingKind.FIRE_DONE))
            case Action.RECORD_FIRE_RESET:
                return str(LastingRef.new(LastingKind.FIRE_DONE))
            case Action.RECORD_LOCKED_DOWN:
                self.lock_down_mark = str(LastingRef.new(LastingKind.LOCKED_DOWN))
                return self.lock_down_mark
            case Action.RECORD_LOCK_DOWN_OVER:
                self.lock_down_mark = ""
                return str(LastingRef.new(LastingKind.LOCK_DOWN_OVER))
        return None

    def _outcome(
        self, outcome: PassageOutcome, direction: Direction, access_seq: int | None, worker_id: str | None
    ) -> None:
        if outcome is PassageOutcome.NOT_TAKEN and access_seq is not None and self.reports_passing:
            self._not_taken.append(access_seq)
        self._writer.defer(
            PassageEvent, outcome=outcome, direction=direction, access_seq=access_seq, worker_id=worker_id
        )
