"""`sitegate bench`: the time of each stage on this machine, and from a usable face to the relay.

Whole frames go through the real parts: the walk-up film, YuNet, SFace, the journal on this disk, gpiozero's mock pins.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.credentials import card_digest, hash_pin_code
from contract.messages import AccessEvent, Ack, Advice, Command, Direction, Reason
from edge.camera import CaptureThread
from edge.core.config import Config, DecisionConfig, GateConfig, IndicatorConfig, MatcherConfig, SiteConfig
from edge.core.decision import decide
from edge.core.domain import (
    CameraStatus,
    Candidate,
    Circumstances,
    Claim,
    Frame,
    Identification,
    Image,
    Incident,
    ListAge,
    RosterState,
    Sight,
    Template,
    Worker,
)
from edge.core.ports import Camera, Clock
from edge.devices.gate import GpioGate, make_factory
from edge.devices.indicator import GpioIndicator
from edge.loop import Adapters, GateLoop
from edge.matcher import FaceMatcher
from edge.matcher.engine.engine import FRAME_EFFORT
from edge.sim import WalkUpSource, load_script
from edge.sim.film import Film
from edge.storage.desk import DeskReader
from edge.storage.journal import Journal
from edge.system.clock import SystemClock
from edge.tools.demo.cast import ACTS, Portrait, walk_up_script

AWAKE_S = 3
"""After this many seconds of an empty lane the matcher rests."""


@dataclass(frozen=True, slots=True)
class StageTiming:
    """Percentiles of one stage in milliseconds, over `count` runs."""

    name: str
    count: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


def timing(name: str, seconds: list[float]) -> StageTiming:
    """Compute percentiles (linear interpolation) of durations given in seconds."""
    p50, p95, p99 = (float(v) for v in np.percentile(np.asarray(seconds) * 1000, (50, 95, 99)))
    return StageTiming(name, len(seconds), round(p50, 3), round(p95, 3), round(p99, 3))


def repeat(action: Callable[[], object], times: int, warm_up: int = 3) -> list[float]:
    """Call `action` and return the durations in seconds, without the first calls."""
    for _ in range(warm_up):
        action()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return taken


def random_templates(count: int, dimension: int, seed: int = 1) -> NDArray[np.float32]:
    """Draw unit vectors, (count, dimension): a gallery of people who do not exist. For speed only, never for
    accuracy."""
    vectors = np.random.default_rng(seed).standard_normal((count, dimension), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def stages(matcher: FaceMatcher, face: Portrait, scratch: Path, rounds: int) -> list[StageTiming]:
    """Measure each stage alone, as the gate runs it for a 640x480 frame with one face.

    With a gallery of 1,000, a real journal file and mock pins.
    """
    frame = frame_with(face)
    engine = matcher.engine
    found = matcher.faces_near(frame, float("inf"))[0]
    aligned = engine.align(frame, found, FRAME_EFFORT)
    vector = engine.embed(aligned, FRAME_EFFORT)
    matcher.load(fill(matcher, 1_000))
    case = _case(matcher.threshold)
    clock = SystemClock()
    journal = Journal(scratch / "journal.db", Config().site, clock)
    pins = GateConfig(pins="mock", pulse_ms=50)
    factory = make_factory(pins)
    gate = GpioGate(pins, factory)
    actions: dict[str, Callable[[], object]] = {
        "detect": lambda: matcher.faces_near(frame, found.eye_distance_px),
        "align": lambda: engine.align(frame, found, FRAME_EFFORT),
        "embed": lambda: engine.embed(aligned, FRAME_EFFORT),
        "search": lambda: matcher.search(vector),
        "decide": lambda: decide(*case, Circumstances("s", Direction.IN, clock.utc(), True)),
        "journal": lambda: _append(journal),
        "pulse": gate.pulse,
    }
    try:
        return [timing(name, repeat(action, rounds)) for name, action in actions.items()]
    finally:
        gate.close()
        factory.close()
        journal.close()


def empty_lane(matcher: FaceMatcher, face: Portrait, scratch: Path, seconds: int) -> StageTiming:
    """Measure processor time per frame while nobody is in view, at 30 frames/s; each second gives one figure.

    1.67 ms are 5 % of one core. The camera's own share is not included.
    """
    text = walk_up_script({"a-today": face}, scratch / "never", 30, acts=ACTS[:1])
    (scratch / "empty.toml").write_text(text, encoding="utf-8")
    film = Film(load_script(scratch / "empty.toml"))
    empty = [film.empty_at(number / 30) for number in range(30)]
    taken = []
    for second in range(AWAKE_S + seconds):
        start = time.process_time()
        for number, image in enumerate(empty):
            matcher.identify(Frame(image, 1000 + second + number / 30, number))
        taken.append((time.process_time() - start) / len(empty))
    return timing("nobody in view, CPU", taken[AWAKE_S:])


def searches(matcher: FaceMatcher, sizes: tuple[int, ...], rounds: int) -> list[StageTiming]:
    """Measure exact 1:N search over galleries of these sizes."""
    probe = random_templates(1, matcher.engine.pack.embedder.dimension, seed=2)[0]
    found = []
    for size in sizes:
        matcher.load(fill(matcher, size))
        found.append(timing(f"search in {size:,}", repeat(lambda: matcher.search(probe), rounds)))
    matcher.load(())
    return found


def fill(matcher: FaceMatcher, count: int) -> list[tuple[str, Template]]:
    """A gallery of random people for the matcher's model."""
    vectors = random_templates(count, matcher.engine.pack.embedder.dimension)
    return [(f"bench-{i}", Template(vector, matcher.model_id)) for i, vector in enumerate(vectors)]


def walk_ups(matcher: FaceMatcher, cast: dict[str, Portrait], scratch: Path, times: int) -> list[StageTiming]:
    """Worker A walks up `times` times in front of the whole loop at 30 frames/s: camera thread, vote, journal, pins.

    "capture" is the age of a frame when the loop takes it. "usable to relay" is from the first frame good enough to be
    identified to the pulse. It holds the vote's frames.
    """
    clock = SystemClock()
    act = replace(ACTS[0], stay_s=0.6)
    (scratch / "script.toml").write_text(walk_up_script(cast, scratch / "go", 30, acts=(act,)), encoding="utf-8")
    (scratch / "go").touch()
    script = load_script(scratch / "script.toml")
    config = Config(
        site=SiteConfig(site_id="site-demo"),
        gate=GateConfig(pins="mock", passage_pin=22, mock_walk_through_s=0.3, pulse_ms=200),
        matcher=MatcherConfig(approach_gap_ms=400),
        decision=DecisionConfig(left_after_ms=1000),  # the lane is empty for a shorter time than at a real gate
    )
    camera = _AgedCamera(CaptureThread(lambda: WalkUpSource(script, True, clock), config.camera, clock), clock)
    factory = make_factory(config.gate)
    journal = Journal(scratch / "walk-up.db", config.site, clock)
    templates = tuple((f"worker-{name}", matcher.enrol([cast[name].crop()])[0]) for name in ("a-enrolled", "b", "c"))
    roster = FixedRoster(templates, clock)
    adapters = Adapters(
        camera=camera,
        matcher=matcher,
        gate=GpioGate(config.gate, factory),
        indicator=GpioIndicator(IndicatorConfig(), factory),
        roster=roster,
        journal=journal,
        desk_requests=DeskReader(scratch / "desk.db"),
        clock=clock,
    )
    matcher.load(templates)
    loop = GateLoop(config, adapters)
    camera.start()
    try:
        deadline = clock.monotonic() + times * script.duration_s + 10
        while len(loop.usable_to_pulse_s) < times and clock.monotonic() < deadline:
            loop.step()
    finally:
        loop.close()
        factory.close()
    return [timing("capture", camera.ages_s), timing("usable to relay", loop.usable_to_pulse_s)]


class _AgedCamera:
    """Notes how old each frame was when it was taken."""

    def __init__(self, camera: Camera, clock: Clock) -> None:
        self._camera, self._clock = camera, clock
        self.ages_s: list[float] = []

    def wait(self, after: int, timeout_s: float) -> Frame | None:
        frame = self._camera.wait(after, timeout_s)
        if frame is not None:
            self.ages_s.append(self._clock.monotonic() - frame.monotonic_s)
        return frame

    def start(self) -> None:
        self._camera.start()

    def status(self) -> CameraStatus:
        return self._camera.status()

    def close(self) -> None:
        self._camera.close()


class FixedRoster:
    """Holds lists that never change: the loop is measured, not the verification of lists."""

    def __init__(
        self, templates: tuple[tuple[str, Template], ...], clock: Clock, card: str = "", pin: str = ""
    ) -> None:
        age = ListAge(1, clock.utc())
        workers = {
            worker_id: Worker(worker_id, frozenset({"site-demo"}), training_valid_until=date.max)
            for worker_id, _ in templates
        }
        if card:
            workers["bench"] = Worker(
                "bench",
                frozenset({"site-demo"}),
                training_valid_until=date.max,
                cards=(card_digest("site-demo", card),),
                pin=hash_pin_code(pin),
            )
        self.state = RosterState(workers=workers, templates=templates, roster=age, risk=age)

    def refresh(self) -> bool:
        return False

    def incidents(self) -> list[Incident]:
        return []

    def commands(self, now: datetime) -> list[Command]:
        return []

    def acks(self) -> list[Ack]:
        return []


def frame_with(portrait: Portrait) -> Image:
    """Make a 640x480 frame in which the face is about 120 pixels wide."""
    x, y, w, h = portrait.box
    scale = 120 / w
    move = np.array([[scale, 0, 320 - (x + w / 2) * scale], [0, scale, 220 - (y + h / 2) * scale]])
    return np.asarray(cv2.warpAffine(portrait.image, move, (640, 480), flags=cv2.INTER_AREA), np.uint8)


def _case(threshold: float) -> tuple[Identification, Claim, RosterState]:
    """Make a case: a worker whose papers are in order, on a roster of 1,000."""
    now = datetime.now(UTC)
    workers = {f"w{i}": Worker(f"w{i}", frozenset({"s"}), training_valid_until=date.max) for i in range(1_000)}
    state = RosterState(workers=workers, roster=ListAge(1, now), risk=ListAge(1, now))
    return Identification(Sight.KNOWN, 1, Candidate("w5", 0.7), threshold, 3), Claim(), state


def _append(journal: Journal) -> None:
    journal.append(
        AccessEvent, reason=Reason.GRANTED, granted=True, advice=Advice.WALK_THROUGH, direction=Direction.IN, score=0.7
    )
