"""Random lives of a turnstile: grants, people, doors, fire, lock-downs, a failing disk, restarts, and time.

A model of its own, beside the code, says what must hold after every event. 2,000 lives here; `-m long` lives 12,000.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from passage_rig import GATES, Memory

from contract.messages import AccessEvent, Direction, NoticeCode, PassageEvent, PassageOutcome, Reason
from edge.core.config import Config
from edge.core.domain import GateSignal
from edge.core.passage import PassageState
from edge.core.ports import JournalError
from edge.loop.journal_writer import JournalWriter
from edge.loop.passage_control import PassageControl
from edge.sim import ManualClock, RecordingGate

BOUND_S = 2.0


@dataclass(frozen=True)
class Grant:
    reason: Reason
    direction: Direction
    slow: bool


@dataclass(frozen=True)
class Wait:
    seconds: float


WORDS = ("lock_down", "release_lock_down", "disk_refuses", "disk_works", "restart")
Happening = Grant | Wait | GateSignal | str
ANYTHING: st.SearchStrategy[Happening] = st.one_of(
    st.sampled_from(list(GateSignal)),
    st.builds(
        Grant,
        st.sampled_from([Reason.GRANTED, Reason.REMOTE_OPEN, Reason.MANUAL_ADMIT]),
        st.sampled_from(list(Direction)),
        st.booleans(),
    ),
    st.builds(Wait, st.sampled_from([0.05, 0.3, 1.0, 2.5, 7.0, 20.0])),
    st.sampled_from(WORDS),
)
LIVES = st.lists(ANYTHING, max_size=30)


@dataclass
class Life:
    """One gate from its first start, driven event by event, and the model it is held against."""

    config: Config
    clock: ManualClock = field(default_factory=ManualClock)
    journal: Memory = field(default_factory=Memory)
    burns: bool = False
    open_for_fire: bool = False
    locked_down: bool = False
    exit_until_s: float = 0.0
    """The exit button may open until then: at once, or when the way in is over where each way has its relay."""
    seq: int = 0
    restarted: bool = False
    obeyed: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.manual = self.config.gate.fire_reset == "manual"
        self.start()

    def start(self) -> None:
        self.gate = RecordingGate(self.clock, self.config.gate.pulse_ms / 1000, BOUND_S)
        ports: Any = SimpleNamespace(clock=self.clock, journal=self.journal, gate=self.gate)
        self.writer = JournalWriter(self.config, ports)
        self.passage_control = PassageControl(self.config, ports, self.writer)

    def happens(self, what: Happening) -> None:
        pulses = self.pulses()
        granted: Grant | None = None
        match what:
            case Grant():
                granted = what
                self.grant(what)
            case Wait(seconds):
                self.clock.advance(seconds)
            case GateSignal():
                self.signal(what)
            case "lock_down":
                self.passage_control.lock_down("manager-7", "drill")
                self.locked_down = True
            case "release_lock_down":
                self.passage_control.release_lock_down("manager-7")
                self.locked_down = False
            case "restart":
                self.restart()
                pulses = 0
            case _:
                self.journal.refuses = what == "disk_refuses"
        self.passage_control.take_signals()
        try:
            self.writer.write_deferred()
        except JournalError:
            assert self.journal.refuses
        self.check(what, granted, self.pulses() - pulses)

    def grant(self, wanted: Grant) -> None:
        """As the lane does it: nothing without a decision on disk, and none while the gate is busy."""
        if self.journal.refuses or not self.passage_control.ready:
            return
        self.seq += 1
        event: Any = SimpleNamespace(seq=self.seq, worker_id="w1", reason=wanted.reason, direction=wanted.direction)
        self.journal.append(AccessEvent, access_seq=self.seq)
        if self.passage_control.release(event, slow=wanted.slow):
            self.obeyed.add(self.seq)
        refused = self.locked_down and not self.may_pass_locked_down(wanted)
        assert (self.seq in self.obeyed) is not refused

    def may_pass_locked_down(self, wanted: Grant) -> bool:
        if wanted.reason is Reason.REMOTE_OPEN:
            return False
        admits = self.config.gate.lock_down_admits
        guard = wanted.reason is Reason.MANUAL_ADMIT and "guard" in admits
        return guard or (wanted.direction is Direction.OUT and "exit" in admits)

    def signal(self, what: GateSignal) -> None:
        self.gate.report(what)
        if what is GateSignal.FIRE_ON:
            self.burns = self.open_for_fire = True
        elif what is GateSignal.FIRE_OFF and self.burns:
            self.burns, self.open_for_fire = False, self.manual
        elif what is GateSignal.RESET and not self.burns:
            self.open_for_fire = False
        elif what is GateSignal.REX:
            waits = 2 * self.config.gate.passage_timeout_ms / 1000 if self.config.gate.relay_out_pin else 0
            self.exit_until_s = self.clock.monotonic() + waits

    def restart(self) -> None:
        """What waited for the disk in memory is lost with the process; what it had written must hold."""
        self.restarted = True
        self.gate.close()
        assert not self.gate.energised
        self.start()
        self.locked_down = (self.journal.last_ref("locked-down:", "lock-down-over:") or "").startswith("locked-down:")
        last = self.journal.last_ref("fire-on:", "fire-done:") or ""
        self.burns, self.open_for_fire = False, self.manual and last.startswith("fire-on:")

    def check(self, what: Happening, granted: Grant | None, pulses: int) -> None:
        state = self.passage_control.state
        assert self.passage_control.fire == self.open_for_fire
        if self.open_for_fire:
            assert self.gate.energised, "fire always wins"
            assert pulses == 0
        assert self.passage_control.locked_down == self.locked_down
        assert pulses <= 1
        if pulses:
            by_button = self.clock.monotonic() <= self.exit_until_s
            assert (granted is not None and self.seq in self.obeyed) or by_button, "released without a cause"
            if granted is None:
                self.exit_until_s = 0.0
        if self.gate.energised and not self.open_for_fire:
            last = [act for act in self.gate.history if act.act == "pulse"][-1]
            assert self.clock.monotonic() - last.monotonic_s <= BOUND_S
        if state in (PassageState.LOCKED, PassageState.LOCKDOWN):
            assert not self.gate.energised, "locked and energised"
        assert (state is PassageState.LOCKED) <= (not self.locked_down)

    def goes_home(self) -> None:
        """The fire ends and is reset, the door closes, and time passes."""
        ways: tuple[Happening, ...] = (GateSignal.FIRE_OFF, GateSignal.RESET, GateSignal.DOOR_CLOSED)
        for what in ("disk_works", *ways, *[Wait(40.0)] * 3, GateSignal.DOOR_CLOSED, *[Wait(40.0)] * 3):
            self.happens(what)
        assert self.passage_control.state is (PassageState.LOCKDOWN if self.locked_down else PassageState.LOCKED)
        assert not self.gate.energised
        if not self.restarted:
            self.check_books()

    def check_books(self) -> None:
        """Each grant has exactly one outcome, and what begins also ends."""
        ends = (PassageOutcome.PASSED, PassageOutcome.NOT_TAKEN, PassageOutcome.REVERSED)
        told = [f["access_seq"] for kind, f in self.journal.events if kind is PassageEvent and f["outcome"] in ends]
        assert sorted(seq for seq in told if seq is not None) == list(range(1, self.seq + 1))
        count = self.journal.notices
        assert count(NoticeCode.HELD_OPEN) == count(NoticeCode.HELD_OPEN_OVER)
        assert count(NoticeCode.FIRE_ON) >= count(NoticeCode.FIRE_OFF) >= count(NoticeCode.FIRE_RESET)
        assert count(NoticeCode.LOCKED_DOWN) - count(NoticeCode.LOCK_DOWN_OVER) == self.locked_down

    def pulses(self) -> int:
        return sum(act.act == "pulse" for act in self.gate.history)


def live(gate: Config, life: list[Happening]) -> None:
    lived = Life(gate)
    for what in life:
        lived.happens(what)
    lived.goes_home()


@settings(max_examples=2_000, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(GATES), LIVES)
def test_ok__no_life_breaks_a_promise(gate: Config, life: list[Happening]) -> None:
    live(gate, life)


@pytest.mark.long
@settings(max_examples=12_000, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(GATES), LIVES)
def test_ok__twelve_thousand_lives_break_no_promise(gate: Config, life: list[Happening]) -> None:
    live(gate, life)
