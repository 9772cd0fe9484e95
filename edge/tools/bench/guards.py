"""`sitegate bench safety`, second half: how long the relay stays energised when the gate process freezes or is killed.

A gate process on mock pins, with its watchdog, is brought into each state of the passage. Then it stops, or dies, at a
random moment of a release as long as the bound. The pins' history, which both processes write, shows when the relay was
locked.

    python -m edge.tools.bench.guards STATE HOW ROUNDS BESIDE FOLDER
"""

import json
import os
import random
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from common.processes import Processes, follow, follow_parent
from contract.messages import Direction, Reason
from edge.core.config import Config
from edge.core.passage import PassageState
from edge.devices.gate import GpioGate, ProcessWatchdog, RecordingMockFactory, make_factory
from edge.loop.journal_writer import JournalWriter
from edge.loop.passage_control import PassageControl
from edge.system.clock import SystemClock

FREEZE, KILL = "freeze", "kill"
BOUND_S = 2.0
SEEN_AFTER_S = 1.0
"""The history is read this long after the bound: the watchdog has acted by then, or never will."""
FIRE, DOOR, PASSAGE, ROTATION, RELAY = 23, 5, 22, 13, 17
_FITTED = {"pins": "mock", "fire_pin": FIRE, "passage_pin": PASSAGE, "debounce_ms": 0, "held_open_ms": 1000}
_BOUND = {"pulse_ms": 2000, "pulse_max_ms": 2000}
TRIPOD = _FITTED | _BOUND | {"rotation_pin": ROTATION, "fire_reset": "manual", "reset_pin": 6}
A_DOOR = _FITTED | _BOUND | {"kind": "door", "door_pin": DOOR}
FOR_A_DOOR = (PassageState.OPEN, PassageState.THROUGH, PassageState.HELD_OPEN, PassageState.FORCED_OPEN)
HELD = (PassageState.FIRE, PassageState.FIRE_OVER)
"""Held open without a limit: not ended while the process lives."""


@dataclass(frozen=True, slots=True)
class LockTimes:
    """How long the relay was energised in one state, over `count` trials, in seconds.

    None where it was not energised, or is held for fire. `after_s`: the longest time from the kill to the lock.
    """

    state: str
    how: str
    count: int
    energised: int
    worst_s: float | None
    after_s: float | None
    never: int


def lock_times(state: PassageState, how: str, rounds: int, beside: int, folder: Path) -> LockTimes:
    """Run `rounds` trials in one state, `beside` at a time, in processes of their own."""
    command = [sys.executable, "-m", "edge.tools.bench.guards", state.value, how, str(rounds), str(beside), str(folder)]
    with Processes() as processes:
        code, out, err = processes.run(command)
    if code:
        raise RuntimeError(f"{how} in state {state}: {err.strip()}")
    found: list[dict[str, float | None]] = json.loads(out.splitlines()[-1])
    for_how_long = [one["energised_s"] for one in found if one["energised_s"] is not None]
    after = [one["after_s"] for one in found if one["after_s"] is not None]
    never = sum(bool(one["never"]) for one in found)
    return LockTimes(
        state.value,
        how,
        len(found),
        len(for_how_long) + never,
        max(for_how_long, default=None),
        max(after, default=None),
        never,
    )


class _Forgetful:
    """A journal for a passage that is only simulated."""

    def last_ref(self, *beginnings: str) -> str | None:
        return None


def gate_process(state: PassageState, how: str, history: Path, seed: int) -> None:
    """Bring a gate into a state, then freeze or die. Does not return."""
    config = Config.model_validate({"gate": A_DOOR if state in FOR_A_DOOR else TRIPOD})
    factory = make_factory(config.gate, history)
    watchdog = ProcessWatchdog(config.gate, history.with_suffix(".cuts"), history)
    gate = GpioGate(config.gate, factory, watchdog)
    watchdog.start()
    ports: Any = SimpleNamespace(clock=SystemClock(), journal=_Forgetful(), gate=gate)
    passage_control = PassageControl(config, ports, JournalWriter(config, ports))
    _enter(state, passage_control, factory)
    time.sleep(random.Random(seed).random() * (0.5 if state is PassageState.CLEARING else BOUND_S * 0.6))
    with history.open("a") as file:
        file.write(json.dumps({"pin": how, "monotonic_s": time.monotonic(), "pid": os.getpid()}) + "\n")
    os.kill(os.getpid(), signal.SIGSTOP if how == FREEZE else signal.SIGKILL)
    time.sleep(60)
    os._exit(1)


def _enter(state: PassageState, passage_control: PassageControl, factory: RecordingMockFactory) -> None:
    """Bring the passage into a state by contacts and orders, and wait until it is there."""

    def closes(*pins: int) -> None:
        for pin in pins:
            factory.pin(pin).drive_low()
            passage_control.take_signals()

    def opens(pin: int) -> None:
        factory.pin(pin).drive_high()
        passage_control.take_signals()

    if state in FOR_A_DOOR:
        closes(DOOR)
    if state in (*FOR_A_DOOR[:3], PassageState.RELEASED, PassageState.PASSING, PassageState.CLEARING):
        granted: Any = SimpleNamespace(seq=1, worker_id="w", reason=Reason.GRANTED, direction=Direction.IN)
        passage_control.release(granted)
    match state:
        case PassageState.PASSING:
            closes(ROTATION)
        case PassageState.CLEARING:
            closes(PASSAGE)
        case PassageState.OPEN | PassageState.HELD_OPEN | PassageState.FORCED_OPEN:
            opens(DOOR)
        case PassageState.THROUGH:
            opens(DOOR)
            closes(PASSAGE)
        case PassageState.LOCKDOWN:
            passage_control.lock_down("bench")
        case PassageState.FIRE | PassageState.FIRE_OVER:
            closes(FIRE)
            if state is PassageState.FIRE_OVER:
                opens(FIRE)
    until = time.monotonic() + 5
    while passage_control.state is not state and time.monotonic() < until:
        time.sleep(0.02)
        passage_control.take_signals()
    assert passage_control.state is state, f"{passage_control.state}, not {state}"


def trials(
    state: PassageState, how: str, rounds: int, beside: int, folder: Path
) -> list[dict[str, float | bool | None]]:
    """Start gate processes, `beside` at a time, and read the outcome of each."""
    found: list[dict[str, float | bool | None]] = []
    for first in range(0, rounds, beside):
        seeds = range(first, min(first + beside, rounds))
        children = {}
        for seed in seeds:
            parent = os.getpid()
            child = os.fork()
            if child == 0:
                follow(parent, signal.SIGKILL)  # it will be stopped, and then takes no other
                try:
                    gate_process(state, how, folder / f"{state}-{how}-{seed}.jsonl", seed)
                finally:
                    os._exit(2)
            children[child] = folder / f"{state}-{how}-{seed}.jsonl"
        _wait(children, how)
        found += [outcome(history, state) for history in children.values()]
    return found


def _wait(children: dict[int, Path], how: str) -> None:
    """Wait until each gate process has ended, or has been stopped for long enough, and end it then."""
    waiting = set(children)
    until: dict[int, float] = {}
    while waiting:
        for child in sorted(waiting):
            done, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
            if done and os.WIFSTOPPED(status):
                until[child] = time.monotonic() + BOUND_S + SEEN_AFTER_S
            elif done:
                waiting.discard(child)
            elif time.monotonic() > until.get(child, float("inf")):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        time.sleep(0.01)
    time.sleep(SEEN_AFTER_S if how == KILL else 0.0)


def outcome(history: Path, state: PassageState) -> dict[str, float | bool | None]:
    """Read how long the relay was energised after the process froze or died."""
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    ended_s = next(line["monotonic_s"] for line in lines if line["pin"] in (FREEZE, KILL))
    driven = [line for line in lines if line["pin"] == f"GPIO{RELAY}" and line["function"] == "output"]
    on_s = None
    for line in driven:
        if line["level"]:
            on_s = on_s or line["monotonic_s"]
        elif line["monotonic_s"] < ended_s:
            on_s = None
        elif on_s is not None:
            return {"energised_s": line["monotonic_s"] - on_s, "after_s": line["monotonic_s"] - ended_s, "never": False}
    return {"energised_s": None, "after_s": None, "never": on_s is not None and state not in HELD}


if __name__ == "__main__":
    follow_parent()
    outcomes = trials(PassageState(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Path(sys.argv[5]))
    sys.stdout.write(json.dumps(outcomes) + "\n")
