"""The process that can open the gate: camera, matcher, lists, journal, pins. It has no network."""

from collections.abc import Callable
from typing import Any

from contract.messages import NoticeCode, NoticeEvent
from contract.signing import BadKey
from edge import __version__
from edge.app.files import DESK, JOURNAL, PINS, SCORES, state_dir
from edge.app.lists import open_roster
from edge.camera import CameraFault, CaptureThread, Source, source_for
from edge.clock import SystemClock
from edge.config import CameraConfig, Config
from edge.desk import DeskReader
from edge.gate import GpioGate, make_factory
from edge.indicator import GpioIndicator, IndicatorError
from edge.journal import Journal
from edge.loop import GateLoop, Ports
from edge.matcher.models import ModelError
from edge.matcher.pipeline import open_matcher
from edge.ports import Camera, Clock, GateError, JournalError
from edge.scorestore import ScoreStore
from edge.sim import ScriptError, WalkUpSource, load_script
from edge.supervisor import Shutdown, Watchdog, run_steps

ERRORS = (BadKey, CameraFault, GateError, IndicatorError, JournalError, ModelError, ScriptError)
"""What can be wrong at the start; each says what to do. Anything else is a defect and shows its traceback."""


def run(config: Config, shutdown: Shutdown) -> None:
    """Until shutdown. The relay is set to locked before anything else is tried."""
    state = state_dir(config)
    factory = make_factory(config.gate, state / PINS)
    gate = GpioGate(config.gate, factory)
    scores: ScoreStore | None = None
    try:
        clock = SystemClock()
        journal = Journal(state / JOURNAL, config.site, clock)
        if config.matcher.self_calibrate != "off":
            scores = ScoreStore(state / SCORES)
        loop = _loop(config, clock, gate, factory, journal, scores)
    except BaseException:
        gate.close()
        raise
    try:
        run_steps(loop.step, shutdown, Watchdog())
    finally:
        loop.close()
        if scores is not None:
            scores.close()


def lock(config: Config) -> None:
    """Set the relay to locked and let go of it: what systemd runs after the gate process ended, however it ended."""
    factory = make_factory(config.gate, state_dir(config) / PINS)
    GpioGate(config.gate, factory).close()
    factory.close()


def make_camera(config: CameraConfig, clock: Clock) -> Camera:
    """The camera the configuration names, not yet started. Raises CameraFault, ScriptError."""
    return CaptureThread(_source(config, clock), config, clock)


def _loop(
    config: Config, clock: Clock, gate: GpioGate, factory: Any, journal: Journal, scores: ScoreStore | None
) -> GateLoop:
    camera: Camera | None = None
    try:
        roster = open_roster(config)
        matcher = open_matcher(config.matcher, config.paths.models_dir, config.liveness, scores, clock)
        camera = make_camera(config.camera, clock)
        indicator = GpioIndicator(config.indicator, factory)
        camera.start()
    except BaseException:
        if camera is not None:
            camera.close()
        journal.close()
        raise
    if journal.restarted is not None:
        journal.append(NoticeEvent, code=NoticeCode.JOURNAL_RESTARTED, detail=f"set aside as {journal.restarted.name}")
    journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED, detail=f"sitegate {__version__}")
    requests = DeskReader(config.paths.state_dir / DESK)
    return GateLoop(config, Ports(camera, matcher, gate, indicator, roster, journal, requests, clock))


def _source(config: CameraConfig, clock: Clock) -> Callable[[], Source]:
    if config.source != "walkup":
        return source_for(config)
    if config.path is None:
        raise CameraFault("camera.path is not set: the walk-up simulator needs a script")
    script = load_script(config.path)
    return lambda: WalkUpSource(script, config.repeat, clock)
