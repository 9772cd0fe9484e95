"""Run the process that can open the gate: camera, matcher, lists, journal, pins. It has no network."""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import structlog

from contract.keyring import TrustedKeys
from contract.messages import NoticeCode, NoticeEvent
from contract.signing import BadKey
from edge import __version__
from edge.app.gate_metrics import GateMetrics, MeteredCamera
from edge.app.journal_startup import apply_acks, open_journal, record_new_journal, start_background_check
from edge.app.lock_relay import keep_relay_description
from edge.app.locked_journal import open_when_unlocked
from edge.app.prepared_roster import PreparedRoster
from edge.app.reboot import make_restart, reboot_unanswered
from edge.app.roster import open_roster
from edge.app.state_folders import (
    CUT_NOTES,
    DESK,
    JOURNAL,
    PIN_HISTORY,
    RESERVE,
    SCORES,
    folders,
    gate_dir,
    metrics_file,
)
from edge.camera import CameraFault, CaptureThread, Source, source_for
from edge.core.config import CameraConfig, Config, TemperatureConfig
from edge.core.domain import GateSignal
from edge.core.ports import Camera, CardReader, Clock, CodeReader, GateError, JournalError, Thermometer
from edge.devices.gate import GpioGate, ProcessWatchdog, lock_relays, make_factory, take_cut_notes
from edge.devices.indicator import GpioIndicator, IndicatorError, Voice
from edge.devices.readers.evdev_source import EvdevSource
from edge.devices.readers.pin_code_check import ThreadedPinCodeCheck
from edge.devices.readers.qr_codes import QrCodeReader
from edge.devices.readers.wedge import WedgeReader
from edge.devices.thermometer import Mlx90614
from edge.loop import Adapters, GateLoop
from edge.matcher import ModelError, open_matcher
from edge.sim import ScriptError, SimulatedThermometer, WalkUpSource, load_script
from edge.storage import isolated_reader
from edge.storage.desk import DeskReader
from edge.storage.disk_space import DiskSpace, Reserve
from edge.storage.high_water import HighWater
from edge.storage.journal import Journal
from edge.storage.presence import JournalPresence
from edge.storage.score_store import ScoreStore
from edge.storage.technician_request import TechnicianRequests
from edge.system.clock import BoundedClock, SystemClock
from edge.system.metrics import MetricsFile
from edge.system.supervisor import Shutdown, Watchdog, run_steps

log = structlog.get_logger()

PARTS_PER_REFRESH = 3
"""Parts of lists read between two frames, a few milliseconds each. A small site's three lists fit into the first
reading."""

FIRE_LOOK_S = 0.25
"""Pause between two checks of the fire contact, and of feeding the watchdog, after a failed start in a fire."""

ERRORS = (BadKey, CameraFault, GateError, IndicatorError, JournalError, ModelError, ScriptError)
"""Expected errors at the start; each text says what to do. Any other exception is a defect and shows its traceback."""


def run(config: Config, shutdown: Shutdown) -> None:
    """Run the gate until shutdown. Lock the relay before anything that can fail, such as folders and disks."""
    lock_relays(config.gate)
    own, state = gate_dir(config), config.paths.state_dir
    factory = make_factory(config.gate, state / PIN_HISTORY)
    relay_watchdog = ProcessWatchdog(config.gate, state / CUT_NOTES, state / PIN_HISTORY)
    gate = GpioGate(config.gate, factory, relay_watchdog, fire_opens=True)
    scores: ScoreStore | None = None
    readers = ExitStack()
    try:
        try:
            relay_watchdog.start()
            keep_relay_description(config.gate, state)
            clock = BoundedClock(SystemClock())
            reserve = Reserve(state / RESERVE, config.disk.reserve_mb)
            disk = DiskSpace(own, config.disk, reserve, others=[f for f in folders(config) if f != own])
            journal, water = open_when_unlocked(
                lambda: open_journal(config, clock, reserve.release_piece), config, gate, clock, shutdown
            )
            metrics = journal.metrics = GateMetrics()
            if config.matcher.self_calibrate != "off":
                scores = ScoreStore(state / SCORES, lambda: disk.diagnostics)
            again = make_restart(config, shutdown)
            loop = _loop(config, clock, gate, factory, journal, water, metrics, scores, disk, again, readers)
        except Exception as error:
            try:
                _open_while_it_burns(gate, config.gate.fire_reset == "manual", shutdown, error)
            finally:
                gate.close()
            raise
        except BaseException:
            gate.close()
            raise
        gc.freeze()  # objects loaded so far stay: the garbage collector skips them between frames
        scrub = start_background_check(config, journal)
        numbers = MetricsFile(metrics_file(config, "gate"), metrics.registry)
        measured = metrics.timed(loop.step)

        def step() -> bool:
            healthy = measured()
            journal.sign()
            numbers.write_if_due()
            return healthy

        watchdog = Watchdog()
        loop.start_passage_thread(watchdog.ping)
        try:
            run_steps(step, shutdown, watchdog)
        finally:
            gc.unfreeze()  # collect what the interpreter cannot at its end: zxing-cpp reports objects left alive
            if scrub is not None:
                scrub.close()
            water.close()  # before the journal closes, which keeps the copy of the marks
            loop.close()
            numbers.remove()
            if scores is not None:
                scores.close()
    finally:
        readers.close()
        relay_watchdog.close()


def _open_while_it_burns(gate: GpioGate, by_hand: bool, shutdown: Shutdown, why: Exception) -> None:
    """Keep the gate open if the start fails in a fire: an immediate end would lock it.

    `by_hand`: the key switch ends the fire. No journal stores this fire for the next start.
    """
    burns = GateSignal.FIRE_ON in gate.signals()
    if not burns:
        return
    log.error("start_failed_in_a_fire", why=str(why))
    watchdog = Watchdog()
    watchdog.ready()  # otherwise systemd ends a start that seems to hang
    gate.hold_open()  # the failed start may have locked it
    over = GateSignal.RESET if by_hand else GateSignal.FIRE_OFF
    while not shutdown.asked:
        for signal in gate.signals():
            burns = signal is GateSignal.FIRE_ON or (burns and signal is not GateSignal.FIRE_OFF)
            if not burns and signal is over:
                watchdog.stopping()
                return
        watchdog.ping()
        gate.wait(FIRE_LOOK_S)
    watchdog.stopping()


@contextmanager
def manual_devices(config: Config) -> Iterator[tuple[Camera, GpioGate, GpioIndicator, Clock]]:
    """Open camera, gate and indicator for a technician, without a loop. The gate is locked before and after.

    Raises one of ERRORS.
    """
    clock = SystemClock()
    gate_dir(config)
    factory = make_factory(config.gate, config.paths.state_dir / PIN_HISTORY)
    with ExitStack() as parts:
        parts.callback(factory.close)
        gate = GpioGate(config.gate, factory)
        parts.callback(gate.close)
        indicator = GpioIndicator(config.indicator, factory, _voice(config))
        parts.callback(indicator.close)
        camera = make_camera(config, clock)
        parts.callback(camera.close)
        camera.start()
        yield camera, gate, indicator, clock


def make_camera(config: Config, clock: Clock) -> Camera:
    """Make the configured camera, not yet started. Raises CameraFault, ScriptError."""
    lane = config.matcher.lane_left, config.matcher.lane_right
    return CaptureThread(_source(config.camera, clock), config.camera, clock, lane)


def _loop(
    config: Config,
    clock: BoundedClock,
    gate: GpioGate,
    factory: Any,
    journal: Journal,
    water: HighWater,
    metrics: GateMetrics,
    scores: ScoreStore | None,
    disk: DiskSpace,
    restart: Callable[[], None] | None,
    readers: ExitStack,
) -> GateLoop:
    """Open all adapters and make the loop. `readers` closes the readers of sync's and screen's databases in every
    case."""
    camera: Camera | None = None
    try:
        camera = MeteredCamera(make_camera(config, clock), clock, metrics)
        camera.start()  # first, because a device opens slowly: lists and models are read meanwhile
        lists = open_roster(config, water, apart=True)
        readers.callback(lists.close)
        lists.refresh()  # read everything: no frames are processed during start-up
        lists.parts_per_refresh = PARTS_PER_REFRESH
        if config.liveness.danger:
            structlog.get_logger().warning("photos_are_let_in", why=config.liveness.danger)
        matcher = open_matcher(config.matcher, config.paths.models_dir, config.liveness, scores, clock)
        roster = PreparedRoster(lists, matcher.prepare)
        indicator = GpioIndicator(config.indicator, factory, _voice(config))
    except BaseException:
        if camera is not None:
            camera.close()
        journal.close()
        raise
    apply_acks(clock, journal, lists)
    record_new_journal(journal, config, lists)
    journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED, detail=f"sitegate {__version__}")
    if reboot_unanswered():
        todo = "the machine was not rebooted, only this process: see systemctl status sitegate-reboot.path"
        journal.append(NoticeEvent, code=NoticeCode.COMMAND_REFUSED, detail=todo)
    take_cut_notes(config.paths.state_dir / CUT_NOTES, lambda ref, text: _record_cut_note(journal, ref, text))
    desk = config.paths.state_dir / DESK
    requests = DeskReader(desk, isolated_reader.IsolatedReader(desk))
    readers.callback(requests.close)
    code_reader, card_reader = _credential_readers(config, clock)
    if card_reader is not None:
        card_reader.start()
    adapters = Adapters(
        camera=camera,
        matcher=matcher,
        gate=gate,
        indicator=indicator,
        roster=roster,
        journal=journal,
        desk_requests=requests,
        clock=clock,
        code_reader=code_reader,
        card_reader=card_reader,
        pin_code_check=ThreadedPinCodeCheck() if card_reader else None,
        presence=JournalPresence(config.paths.state_dir / JOURNAL, clock),
        thermometer=_thermometer(config.temperature, clock),
        restart=restart,
        disk=disk,
        high_water=water,
        clock_bounds=clock,
        technician_requests=TechnicianRequests(gate_dir(config)),
    )
    return GateLoop(config, adapters)


def _credential_readers(config: Config, clock: Clock) -> tuple[CodeReader | None, CardReader | None]:
    """Make the configured code and card readers. The card reader is not started yet. Raises BadKey."""
    key = TrustedKeys(config.keys.hq_signing_public_path)
    codes = QrCodeReader(config, key, clock) if config.reader.codes else None
    device = config.reader.device
    return codes, WedgeReader(lambda: EvdevSource(device), config.reader, clock) if device else None


def _voice(config: Config) -> Voice | None:
    told = config.indicator
    return Voice(told.voice_dir, told.voice_languages, told.voice_device) if told.voice_dir else None


def _record_cut_note(journal: Journal, ref: str, text: str) -> None:
    """Journal a note once, also if the file of notes could not be removed last time."""
    if not journal.seen(ref):
        journal.append(NoticeEvent, ref=ref, code=NoticeCode.PULSE_CUT, detail=text)


def _thermometer(config: TemperatureConfig, clock: Clock) -> Thermometer | None:
    if config.sensor == "mlx90614":
        return Mlx90614(config, clock)
    return SimulatedThermometer(config.simulated_c) if config.sensor == "simulated" else None


def _source(config: CameraConfig, clock: Clock) -> Callable[[], Source]:
    if config.source != "walkup":
        return source_for(config)
    if config.path is None:
        raise CameraFault("camera.path is not set: the walk-up simulator needs a script")
    script = load_script(config.path)
    return lambda: WalkUpSource(script, config.repeat, clock)
