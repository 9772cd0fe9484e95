"""The composition root: the only place that picks adapters and joins the rooms."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from contract.messages import NoticeCode, NoticeEvent
from contract.signing import BadKey, read_sealing_private, read_signing_public
from edge import __version__
from edge.camera import CameraFault, CaptureThread, Source, source_for
from edge.clock import SystemClock
from edge.config import CameraConfig, Config
from edge.desk import DeskReader
from edge.gate import GpioGate, make_factory
from edge.indicator import GpioIndicator, IndicatorError
from edge.journal import Journal, JournalReader
from edge.loop import GateLoop, Ports
from edge.matcher.models import ModelError
from edge.matcher.pipeline import FaceMatcher, open_matcher
from edge.ports import Camera, Clock, GateError, JournalError
from edge.screen.app import create_app
from edge.screen.server import PortTaken, ScreenServer
from edge.sim import ScriptError, WalkUpSource, load_script
from edge.supervisor import Shutdown, Watchdog, run_steps
from edge.sync.mqtt import LinkError
from edge.sync.replica import ReplicaError
from edge.sync.roster import ReplicaReader
from edge.sync.service import SyncService
from edge.sync.summary import SummaryReader

log = structlog.get_logger()

Process = Callable[[Config, Shutdown], None]
STARTUP_ERRORS = (
    BadKey, CameraFault, GateError, IndicatorError, JournalError, LinkError, ModelError, PortTaken, ReplicaError, ScriptError,
)  # fmt: skip
"""What can be wrong on this machine; each says what to do. Anything else is a defect and shows its traceback."""

JOURNAL, REPLICA, DESK, PINS = "journal.db", "replica.db", "desk.db", "pins.jsonl"


def run_gate(config: Config, shutdown: Shutdown) -> None:
    """The process that can open the gate. The relay is set to locked before anything else is tried."""
    state = _state_dir(config)
    factory = make_factory(config.gate, state / PINS)
    gate = GpioGate(config.gate, factory)
    try:
        clock = SystemClock()
        journal = Journal(state / JOURNAL, config.site, clock)
        loop = _loop(config, clock, gate, factory, journal)
    except BaseException:
        gate.close()
        raise
    try:
        run_steps(loop.step, shutdown, Watchdog())
    finally:
        loop.close()


def lock(config: Config) -> None:
    """Set the relay to locked and let go of it: what systemd runs after the gate process ended, however it ended."""
    factory = make_factory(config.gate, _state_dir(config) / PINS)
    GpioGate(config.gate, factory).close()
    factory.close()


def run_sync(config: Config, shutdown: Shutdown) -> None:
    """The process that has the network."""
    journal = JournalReader(_state_dir(config) / JOURNAL)
    service = SyncService.open(config, journal, SystemClock(), __version__)

    def step() -> bool:
        service.step(0.05)
        return True

    try:
        service.start()
        run_steps(step, shutdown, Watchdog())
    finally:
        service.close()
        journal.close()


def run_screen(config: Config, shutdown: Shutdown) -> None:
    """The local web pages."""
    state = _state_dir(config)
    journal, summary = JournalReader(state / JOURNAL), SummaryReader(state / REPLICA)
    server = ScreenServer(create_app(journal, summary.read, config), config.screen)
    thread = server.start()
    try:
        run_steps(lambda: not shutdown.wait(0.2) and thread.is_alive(), shutdown, Watchdog())
    finally:
        server.stop()
        thread.join(5)
        journal.close()
        summary.close()


def make_camera(config: CameraConfig, clock: Clock) -> Camera:
    """The camera the configuration names, not yet started. Raises CameraFault, ScriptError."""
    return CaptureThread(_source(config, clock), config, clock)


def open_roster(config: Config) -> ReplicaReader:
    """HQ's lists as the gate believes them. Raises BadKey."""
    return ReplicaReader(
        config.paths.state_dir / REPLICA,
        config.site,
        read_signing_public(config.keys.hq_signing_public_path),
        read_sealing_private(config.keys.site_private_path),
    )


def make_matcher(config: Config) -> FaceMatcher:
    """The matcher with verified weights and an empty gallery. Raises ModelError."""
    return open_matcher(config.matcher, config.paths.models_dir)


def _loop(config: Config, clock: Clock, gate: GpioGate, factory: Any, journal: Journal) -> GateLoop:
    camera: Camera | None = None
    try:
        roster = open_roster(config)
        matcher = make_matcher(config)
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


def _state_dir(config: Config) -> Path:
    path = config.paths.state_dir
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(f"{path} cannot be made ({error.strerror}): create it, or set paths.state_dir") from error
    if not os.access(path, os.W_OK):
        raise JournalError(f"{path} cannot be written by this user: correct its owner, or set paths.state_dir")
    return path
