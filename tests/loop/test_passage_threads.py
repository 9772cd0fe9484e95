"""The passage with the loop, its own thread and a disk at once: fire and the exit button wait for nobody, and the books
are right.

The machine is pure and has one lock. These lives run it from three threads in real time, and hold what it did against
the table.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from passage_rig import GATES, Memory

from contract.messages import AccessEvent, Direction, NoticeCode, PassageEvent, PassageOutcome, Reason
from edge.core.config import Config, GateConfig
from edge.core.domain import GateSignal
from edge.core.passage import TRANSITIONS, Passage, PassageInput, PassageState, step
from edge.core.ports import GateError, JournalError
from edge.devices.gate import GpioGate, make_factory
from edge.loop import passage_control as passage_control_module
from edge.loop.journal_writer import JournalWriter
from edge.loop.passage_control import PassageControl
from edge.loop.passage_thread import PassageThread
from edge.sim import RecordingGate
from edge.system.clock import SystemClock

RELAY, FIRE, REX, PASSAGE = 17, 23, 6, 22
SOON_S = 5.0
"""Longer than any scheduling, shorter than the disk hangs in these tests."""


class HangingDisk(Memory):
    """The journal's promises, and a disk that takes the given time."""

    def __init__(self) -> None:
        super().__init__()
        self.works = threading.Event()
        self.works.set()

    def append(self, kind: Any, /, *, ref: str | None = None, **fields: Any) -> None:
        assert self.works.wait(60)
        super().append(kind, ref=ref, **fields)


class Rig:
    """A gate on mock pins, its passage, and the passage's own thread."""

    def __init__(self, **gate: Any) -> None:
        fitted = {"pins": "mock", "fire_pin": FIRE, "rex_pin": REX, "passage_pin": PASSAGE, "debounce_ms": 0}
        self.config = Config.model_validate({"gate": {**fitted, **gate}})
        self.factory = make_factory(self.config.gate)
        self.gate = GpioGate(self.config.gate, self.factory, fire_opens=True)
        self.journal = HangingDisk()
        ports: Any = SimpleNamespace(clock=SystemClock(), journal=self.journal, gate=self.gate)
        self.writer = JournalWriter(self.config, ports)
        self.passage_control = PassageControl(self.config, ports, self.writer)
        self.fed = 0
        self.passage_thread = PassageThread(self.passage_control, self.gate, time.monotonic, self._feed)

    def _feed(self) -> None:
        self.fed += 1

    def press(self, pin: int) -> None:
        self.factory.pin(pin).drive_low()

    def let_go(self, pin: int) -> None:
        self.factory.pin(pin).drive_high()

    def codes(self) -> list[NoticeCode]:
        return [fields["code"] for _, fields in self.journal.events if "code" in fields]

    def close(self) -> None:
        self.passage_thread.stop()
        self.gate.close()
        self.factory.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.close()


@contextmanager
def loop_hangs_on_the_disk(rig: Rig) -> Iterator[threading.Thread]:
    """The loop's thread waits for the disk in the middle of a record."""
    rig.journal.works.clear()
    rig.writer.defer_notice(NoticeCode.TAMPER)
    loop = threading.Thread(target=rig.writer.write_deferred, daemon=True)
    loop.start()
    yield loop
    rig.journal.works.set()
    loop.join(10)


def wait_for(true: Callable[[], bool], seconds: float = SOON_S) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.002)


def test_ok__the_exit_button_opens_while_the_loop_waits_for_the_disk(rig: Rig) -> None:
    with loop_hangs_on_the_disk(rig):
        rig.press(REX)
        wait_for(lambda: rig.gate.energised)
        assert rig.codes() == []
    rig.writer.write_deferred()
    assert rig.codes() == [NoticeCode.TAMPER, NoticeCode.REX]


def test_ok__fire_opens_and_ends_while_the_loop_waits_for_the_disk(rig: Rig) -> None:
    with loop_hangs_on_the_disk(rig):
        rig.press(FIRE)
        wait_for(lambda: rig.gate.energised)
        wait_for(lambda: rig.passage_control.state is PassageState.FIRE)
        wait_for(lambda: rig.fed > 1)  # no watchdog ends the process that holds the gate open
        rig.let_go(FIRE)
        wait_for(lambda: not rig.gate.energised)
    rig.writer.write_deferred()
    assert rig.codes() == [NoticeCode.TAMPER, NoticeCode.FIRE_ON, NoticeCode.FIRE_OFF]


def test_ok__fire_opens_while_the_passage_itself_is_held_up(rig: Rig) -> None:
    """The contact holds the relay by itself: not even the passage's lock is waited for."""
    with rig.passage_control._lock:
        rig.press(FIRE)
        assert rig.gate.energised
        assert rig.passage_control.state is PassageState.LOCKED
    wait_for(lambda: rig.passage_control.state is PassageState.FIRE)
    assert rig.gate.energised


def test_ok__fire_opens_before_there_is_a_loop_and_a_fire_at_the_start_too() -> None:
    config = GateConfig(pins="mock", fire_pin=FIRE, fire_normally_closed=True)
    factory = make_factory(config)
    gate = GpioGate(config, factory, fire_opens=True)  # the contact is open: it burns
    assert gate.energised
    assert gate.signals() == [GateSignal.FIRE_ON]
    gate.close()
    assert not GpioGate(config, factory).energised  # where nobody asks for signals, nobody would lock again
    factory.close()


def test_ok__a_fire_after_the_end_opens_nothing(rig: Rig) -> None:
    rig.close()
    with pytest.raises(GateError, match="closed"):
        rig.gate.hold_open()


def test_ok__a_timeout_is_kept_while_the_loop_waits_for_the_disk() -> None:
    rig = Rig(passage_timeout_ms=500, pulse_ms=50)
    with loop_hangs_on_the_disk(rig):
        rig.press(REX)
        wait_for(lambda: rig.passage_control.state is PassageState.RELEASED)
        wait_for(lambda: rig.passage_control.state is PassageState.LOCKED)
    rig.close()


def test_ok__a_lock_down_keeps_workers_out_and_the_exit_button_working(rig: Rig) -> None:
    rig.passage_control.lock_down("manager-7")
    with loop_hangs_on_the_disk(rig):
        rig.press(REX)
        wait_for(lambda: rig.gate.energised)
        assert rig.passage_control.locked_down
        assert not rig.passage_control.release(granted(1))


def test_ok__a_decision_that_the_exit_button_overtook_is_not_taken(rig: Rig) -> None:
    rig.press(REX)
    wait_for(lambda: rig.passage_control.state is PassageState.RELEASED)
    assert rig.passage_control.release(granted(7)) is False
    rig.writer.write_deferred()
    (outcome,) = [fields for kind, fields in rig.journal.events if kind is PassageEvent]
    assert (outcome["outcome"], outcome["access_seq"]) == (PassageOutcome.NOT_TAKEN, 7)


def test_ok__a_reboot_never_locks_against_a_fire_that_has_just_begun(rig: Rig) -> None:
    rig.press(FIRE)
    wait_for(lambda: rig.passage_control.fire)
    rig.passage_control.lock_if_at_rest()
    assert rig.gate.energised


def test_fail__a_relay_that_fails_in_the_thread_is_raised_in_the_loop_and_the_thread_goes_on(rig: Rig) -> None:
    pulse = rig.gate.pulse
    rig.gate.pulse = failing  # type: ignore[method-assign]
    rig.press(REX)
    with pytest.raises(GateError, match="broken"):
        wait_for(lambda: bool(rig.passage_thread.check()))
    rig.passage_thread.check()  # once
    rig.gate.pulse = pulse  # type: ignore[method-assign]
    rig.press(FIRE)
    wait_for(lambda: rig.passage_control.fire)


def failing(*_: object) -> None:
    raise GateError("the relay is broken")


def granted(seq: int, direction: Direction = Direction.IN) -> Any:
    return SimpleNamespace(seq=seq, worker_id="w1", reason=Reason.GRANTED, direction=direction)


@pytest.mark.parametrize("seed", range(24))
def test_ok__three_threads_break_no_promise(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    live(seed, monkeypatch, 0.6)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1300))
def test_ok__three_hundred_lives_of_three_threads(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    live(seed, monkeypatch, 2.0)


class Witness:
    """Every step that the machine was asked for, in order. It lets other threads go first, as a busy machine would."""

    def __init__(self) -> None:
        self.steps: list[tuple[Passage, PassageInput, Passage]] = []

    def step(self, passage: Passage, happened: PassageInput) -> Any:
        time.sleep(0.0003)
        after, actions = step(passage, happened)
        self.steps.append((passage, happened, after))
        return after, actions

    def check(self) -> None:
        """No step was lost or made from a state that was not the newest, and each is in the table."""
        for (_, _, after), (before, _, _) in zip(self.steps, self.steps[1:], strict=False):
            assert (before.state, before.locked_down) == (after.state, after.locked_down)
        for before, happened, after in self.steps:
            if after.state is not before.state:
                assert (before.state, happened) in TRANSITIONS


def live(seed: int, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Inputs from one thread, the passage's own thread, and the loop with a disk that hangs and refuses."""
    chance, witness = random.Random(seed), Witness()
    monkeypatch.setattr(passage_control_module, "step", witness.step)
    base = chance.choice(GATES)
    quick = {"passage_timeout_ms": 500, "held_open_ms": 1_000, "tailgate_ms": 100, "pulse_ms": 50, "pulse_max_ms": 100}
    config = base.model_copy(update={"gate": base.gate.model_copy(update=quick)})
    clock, journal = SystemClock(), Memory()
    gate = RecordingGate(clock, 0.05, 0.1)
    ports: Any = SimpleNamespace(clock=clock, journal=journal, gate=gate)
    writer = JournalWriter(config, ports)
    passage_control = PassageControl(config, ports, writer)
    passage_thread = PassageThread(passage_control, gate, time.monotonic, lambda: None)
    over = time.monotonic() + seconds
    burns = False

    def inputs() -> None:
        nonlocal burns
        while time.monotonic() < over:
            signal = chance.choice(list(GateSignal))
            burns = {GateSignal.FIRE_ON: True, GateSignal.FIRE_OFF: False}.get(signal, burns)
            gate.report(signal)
            time.sleep(chance.choice([0, 0.001, 0.02]))

    people = threading.Thread(target=inputs)
    people.start()
    other, seq, released = random.Random(seed + 1), 0, []
    while time.monotonic() < over:
        journal.refuses = other.random() < 0.2
        time.sleep(other.choice([0, 0.001, 0.05]))  # the disk
        what = other.choice(["grant", "grant", "lock_down", "release_lock_down", "turn"])
        if what == "grant" and not journal.refuses and passage_control.ready:
            seq += 1
            journal.append(AccessEvent, access_seq=seq)
            time.sleep(other.choice([0, 0.002]))
            if passage_control.release(granted(seq)):
                released.append(seq)
        elif what == "lock_down":
            passage_control.lock_down("manager-7")
        elif what == "release_lock_down":
            passage_control.release_lock_down("manager-7")
        passage_control.take_signals()
        passage_thread.check()
        try:
            writer.write_deferred()
        except JournalError:
            assert journal.refuses
    people.join()
    goes_home(gate, passage_control, burns)
    passage_thread.stop()
    journal.refuses = False
    writer.write_deferred()
    witness.check()
    check_books(journal, gate, seq, released, passage_control)


def goes_home(gate: RecordingGate, passage_control: PassageControl, burns: bool) -> None:
    wait_for(lambda: passage_control.fire or not burns)
    assert gate.energised or not passage_control.fire
    passage_control.release_lock_down("manager-7")
    for signal in (GateSignal.FIRE_OFF, GateSignal.RESET, GateSignal.DOOR_CLOSED):
        gate.report(signal)

    def home() -> bool:
        gate.report(GateSignal.DOOR_CLOSED)
        return passage_control.state is PassageState.LOCKED and not gate.energised

    wait_for(home, 20)


def check_books(
    journal: Memory, gate: RecordingGate, seq: int, released: list[int], passage_control: PassageControl
) -> None:
    """Each grant has exactly one outcome, pulses have one cause each, what begins ends, and the order is one that can
    be."""
    ends = (PassageOutcome.PASSED, PassageOutcome.NOT_TAKEN, PassageOutcome.REVERSED)
    told = [f["access_seq"] for kind, f in journal.events if kind is PassageEvent and f["outcome"] in ends]
    assert sorted(number for number in told if number is not None) == list(range(1, seq + 1))
    pulses = sum(act.act == "pulse" for act in gate.history)
    assert pulses == len(released) + journal.notices(NoticeCode.REX)
    assert journal.notices(NoticeCode.HELD_OPEN) == journal.notices(NoticeCode.HELD_OPEN_OVER)
    assert journal.notices(NoticeCode.LOCKED_DOWN) == journal.notices(NoticeCode.LOCK_DOWN_OVER)
    on = 0
    for _, fields in journal.events:
        on += {NoticeCode.FIRE_ON: 1, NoticeCode.FIRE_OFF: -1}.get(fields.get("code"), 0)  # type: ignore[call-overload]
        assert on in (0, 1)
    for number in range(1, seq + 1):
        decided = next(
            n for n, (kind, f) in enumerate(journal.events) if kind is AccessEvent and f["access_seq"] == number
        )
        ended = next(n for n, (k, f) in enumerate(journal.events) if k is PassageEvent and f["access_seq"] == number)
        assert decided < ended
    assert not passage_control.locked_down
