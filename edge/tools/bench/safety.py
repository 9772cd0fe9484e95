"""`sitegate bench safety`: the time from a contact to the relay while disk, camera or matcher fail.

Each condition is a process of its own with the real loop, journal and mock pins. Two contacts are pressed at random
moments, the fire panel's and the exit button's. A third one chatters, so that the loop is always writing. Beside them
an otherwise idle thread is woken up. The delay that a busy machine causes there is not ours.

    python -m edge.tools.bench.safety CONDITION FOLDER ROUNDS
"""

import json
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from common.processes import Processes, follow
from edge.camera import CaptureThread
from edge.core.config import Config
from edge.core.domain import Candidate, Frame, Identification, Incident, Recognition, Sight, Template
from edge.devices.gate import GpioGate, ProcessWatchdog, make_factory
from edge.devices.indicator import GpioIndicator
from edge.loop import Adapters, GateLoop
from edge.sim.faulty_source import ScriptedSource
from edge.storage.desk import DeskReader
from edge.storage.journal import Journal
from edge.system.clock import SystemClock
from edge.tools.bench.errors import BenchError
from edge.tools.bench.face_to_relay import FixedRoster

CONDITIONS = ("undisturbed", "database locked", "disk full", "fsync stalled", "camera hangs", "matcher busy")
STALLED_S = 3.0
"""The time of each fsync in that condition."""
LOCKED_S = 6.0
BUSY_S = 0.3
"""The time one frame keeps the interpreter busy in that condition."""
GIVEN_UP_S = 20.0
BARE = "a bare thread"
FIRE, REX, TAMPER, RELAY = 23, 6, 24, 17
GATE = {
    "pins": "mock",
    "fire_pin": FIRE,
    "rex_pin": REX,
    "tamper_pin": TAMPER,
    "debounce_ms": 0,
    "pulse_ms": 50,
    "passage_timeout_ms": 500,
}


@dataclass(frozen=True, slots=True)
class Reaction:
    """Percentiles of contact to relay, milliseconds. `lost`: contacts without an answer within 20 s.

    `turn_s`: the longest turn of the loop meanwhile, which proves that the condition was really there.
    """

    condition: str
    contact: str
    count: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    lost: int
    turn_s: float


def reactions(condition: str, folder: Path, rounds: int) -> list[Reaction]:
    """Run one condition in a process of its own. Raises BenchError."""
    command = [sys.executable, "-m", "edge.tools.bench.safety", condition, str(folder), str(rounds)]
    if condition == "fsync stalled":
        if not shutil.which("strace"):
            raise BenchError("strace is needed to stall fsync: apt install strace")
        stall = f"inject=fsync,fdatasync:delay_enter={int(STALLED_S * 1e6)}"
        trace = ["strace", "-I", "2", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync"]
        command = [*trace, "-e", stall, *command]  # -I 2: it passes on that it is to end
    with _small_disk(folder) if condition == "disk full" else _as_it_is(), Processes() as processes:
        code, out, err = processes.run(command, foreign=True)
    if code:
        raise BenchError(f"{condition}: {err.strip().splitlines()[-1] if err else code}")
    reply = json.loads(out.splitlines()[-1])
    return [_reaction(condition, contact, found, reply["turn_s"]) for contact, found in reply["taken"].items()]


def _reaction(condition: str, contact: str, found: Sequence[float | None], turn_s: float) -> Reaction:
    taken = np.asarray([GIVEN_UP_S if one is None else one for one in found]) * 1000
    p50, p99 = (float(value) for value in np.percentile(taken, (50, 99)))
    return Reaction(condition, contact, len(found), p50, p99, float(taken.max()), list(found).count(None), turn_s)


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """Mount a disk of 2 MB while it is needed. Only root can do that."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True).returncode:
        raise BenchError("a full disk needs a small one: run this as root")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=False)


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


class _Matcher:
    """Sees nobody. Can keep the interpreter busy for longer than a real matcher does."""

    model_id = "bench@0"
    gallery_size = 0
    threshold = 0.5
    recognition = Recognition(workers=0, fpir_target=0.003, tail="pack")

    def __init__(self, busy_s: float) -> None:
        self._busy_s = busy_s

    def identify(self, frame: Frame) -> Identification:
        end = time.perf_counter() + self._busy_s
        while time.perf_counter() < end:
            sum(range(100))
        return Identification(Sight.NOBODY)

    def load(self, templates: Sequence[tuple[str, Template]]) -> None: ...

    def survey(self) -> Mapping[str, Candidate] | None:
        return None

    def notices(self) -> Sequence[Incident]:
        return ()


class _Press:
    """Presses a contact and waits for the relay."""

    def __init__(self, folder: Path, condition: str) -> None:
        self.config = Config.model_validate({"gate": GATE})
        self.factory = make_factory(self.config.gate)
        self._moved = threading.Event()
        self._moved_s = 0.0
        self.factory.note = self._note
        self.watchdog = ProcessWatchdog(self.config.gate, folder / "cuts.jsonl")
        self.gate = GpioGate(self.config.gate, self.factory, self.watchdog, fire_opens=True)
        self.watchdog.start()
        clock = SystemClock()
        still = np.full((480, 640, 3), 90, np.uint8)
        hangs: list[object] = [threading.Event()] if condition == "camera hangs" else [still] * 1_000_000
        source = ScriptedSource(hangs, period_s=0.03)  # type: ignore[arg-type]
        camera = CaptureThread(lambda: source, self.config.camera, clock)
        camera.start()
        self.loop = GateLoop(
            self.config,
            Adapters(
                camera=camera,
                matcher=_Matcher(BUSY_S if condition == "matcher busy" else 0.0),
                gate=self.gate,
                indicator=GpioIndicator(self.config.indicator, self.factory),
                roster=FixedRoster((), clock),
                journal=Journal(folder / "journal.db", self.config.site, clock),
                desk_requests=DeskReader(folder / "desk.db"),
                clock=clock,
            ),
        )

    def press(self, pin: int) -> float | None:
        """Press a contact. Returns the seconds to the relay, None without an answer, when the gate is at rest again."""
        self._moved.clear()
        began_s = time.monotonic()
        self.factory.pin(pin).drive_low()
        answered = self._moved.wait(GIVEN_UP_S)
        taken = self._moved_s - began_s
        self.factory.pin(pin).drive_high()
        until = time.monotonic() + GIVEN_UP_S
        while (self.gate.energised or not self.loop.ready) and time.monotonic() < until:
            time.sleep(0.01)
        return taken if answered else None

    def _note(self, change: dict[str, object]) -> None:
        if change == {"pin": f"GPIO{RELAY}", "function": "output", "level": 1}:
            self._moved_s = time.monotonic()
            self._moved.set()


def measure(condition: str, folder: Path, rounds: int) -> dict[str, object]:
    """Seconds from each contact to the relay, and the loop's longest turn. The loop runs beside, and is kept busy."""
    bench, chance, over = _Press(folder, condition), random.Random(1), threading.Event()
    turns = [0.0, time.monotonic()]
    """The longest so far, and when the present one began."""
    bench.loop.start_passage_thread()
    beside = [threading.Thread(target=_turn, args=(bench.loop, over, turns), daemon=True)]
    beside.append(threading.Thread(target=_chatter, args=(bench, over), daemon=True))
    if condition == "database locked":
        beside.append(threading.Thread(target=_lock_the_database, args=(folder / "journal.db", over), daemon=True))
    if condition == "disk full":
        _fill(folder / "fill")
    for thread in beside:
        thread.start()
    taken: dict[str, list[float | None]] = {"fire": [], "exit button": [], BARE: []}
    bare = _Bare()
    for _ in range(rounds):
        time.sleep(chance.random() * 0.3)
        taken[BARE].append(bare.woken_after())
        for contact, pin in (("fire", FIRE), ("exit button", REX)):
            time.sleep(chance.random() * 0.3)
            taken[contact].append(bench.press(pin))
    over.set()
    bench.gate.close()
    return {"taken": taken, "turn_s": max(turns[0], time.monotonic() - turns[1])}


class _Bare:
    """A thread that waits for an event, and nothing more."""

    def __init__(self) -> None:
        self._go, self._done = threading.Event(), threading.Event()
        self._woken_s = 0.0
        threading.Thread(target=self._run, daemon=True).start()

    def woken_after(self) -> float:
        """Seconds from the event to the thread."""
        self._done.clear()
        began_s = time.monotonic()
        self._go.set()
        self._done.wait()
        return self._woken_s - began_s

    def _run(self) -> None:
        while self._go.wait():
            self._woken_s = time.monotonic()
            self._go.clear()
            self._done.set()


def _turn(loop: GateLoop, over: threading.Event, turns: list[float]) -> None:
    while not over.is_set():
        turns[1] = time.monotonic()
        loop.step()
        turns[0] = max(turns[0], time.monotonic() - turns[1])


def _chatter(bench: _Press, over: threading.Event) -> None:
    """Something to write, five times a second."""
    pin = bench.factory.pin(TAMPER)
    while not over.wait(0.1):
        pin.drive_low()
        if not over.wait(0.1):
            pin.drive_high()


def _lock_the_database(path: Path, over: threading.Event) -> None:
    """Somebody's transaction, again and again."""
    other = sqlite3.connect(path, timeout=60, isolation_level=None)
    while not over.is_set():
        other.execute("BEGIN IMMEDIATE")
        over.wait(LOCKED_S)
        other.execute("ROLLBACK")
        over.wait(0.3)
    other.close()


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return


if __name__ == "__main__":
    import logging
    import os

    from edge.system.logs import configure_logs

    follow(os.getppid())
    configure_logs(level=logging.CRITICAL)
    sys.stdout.write(json.dumps(measure(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))) + "\n")
    sys.stdout.flush()
    os._exit(0)  # threads wait for a disk that answers in some seconds
