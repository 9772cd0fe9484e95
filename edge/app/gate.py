"""Run the process that can open the gate: camera, matcher, lists, journal, pins. It has no network."""

import gc
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import structlog

from contract.messages import NoticeCode, NoticeEvent
from contract.signing import BadKey
from edge import __version__
from edge.app.devices import make_camera, make_credential_readers, make_indicator, make_preview, make_thermometer
from edge.app.gate_metrics import GateMetrics, MeteredCamera, MeteredJournal
from edge.app.journal_startup import apply_acks, open_journal, record_new_journal, start_background_check
from edge.app.lock_relay import keep_relay_description
from edge.app.locked_journal import open_when_unlocked
from edge.app.prepared_roster import PreparedRoster
from edge.app.reboot import make_restart, reboot_unanswered
from edge.app.roster import open_roster
from edge.app.site_presence import MusterFile, open_presence
from edge.app.standings_file import StandingsFile
from edge.app.state_folders import (
    CUT_NOTES,
    DESK,
    PIN_HISTORY,
    RESERVE,
    SCORES,
    folders,
    gate_dir,
    metrics_file,
)
from edge.camera import CameraFault
from edge.core.config import Config
from edge.core.domain import GateSignal
from edge.core.ports import Camera, GateError, JournalError
from edge.devices.gate import GpioGate, ProcessWatchdog, lock_relays, make_factory, take_cut_notes
from edge.devices.indicator import GpioIndicator, IndicatorError
from edge.devices.readers.pin_code_check import ThreadedPinCodeCheck
from edge.loop import Adapters, GateLoop
from edge.matcher import FaceMatcher, ModelError, open_matcher
from edge.replica.reader import ReplicaReader
from edge.sim import ScriptError
from edge.storage import isolated_reader
from edge.storage.desk import DeskReader
from edge.storage.disk_space import DiskSpace, Reserve
from edge.storage.high_water import HighWater
from edge.storage.journal import Journal
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """What the gate process opens before its loop. `readers` closes the readers of sync's and screen's databases."""

    config: Config
    gate: GpioGate
    factory: Any
    readers: ExitStack
    clock: BoundedClock
    journal: MeteredJournal
    high_water: HighWater
    metrics: GateMetrics
    scores: ScoreStore | None
    disk: DiskSpace
    restart: Callable[[], None] | None


def run(config: Config, shutdown: Shutdown) -> None:
    """Run the gate until shutdown. Lock the relay before anything that can fail, such as folders and disks."""
    lock_relays(config.gate)
    gate_dir(config)
    state = config.paths.state_dir
    factory = make_factory(config.gate, state / PIN_HISTORY)
    relay_watchdog = ProcessWatchdog(config.gate, state / CUT_NOTES, state / PIN_HISTORY)
    gate = GpioGate(config.gate, factory, relay_watchdog, fire_opens=True)
    readers = ExitStack()
    try:
        try:
            relay_watchdog.start()
            keep_relay_description(config.gate, state)
            opened = _open(config, gate, factory, readers, shutdown)
            loop, muster, standings = _make_loop(opened)
        except Exception as error:
            try:
                _open_while_it_burns(gate, config.gate.fire_reset == "manual", shutdown, error)
            finally:
                gate.close()
            raise
        except BaseException:
            gate.close()
            raise
        _run_loop(opened, loop, muster, standings, shutdown)
    finally:
        readers.close()
        relay_watchdog.close()


def _open(config: Config, gate: GpioGate, factory: Any, readers: ExitStack, shutdown: Shutdown) -> _Opened:
    """Open clock, disk, journal, high-water marks and scores."""
    own, state = gate_dir(config), config.paths.state_dir
    clock = BoundedClock(SystemClock())
    reserve = Reserve(state / RESERVE, config.disk.reserve_mb)
    disk = DiskSpace(own, config.disk, reserve, others=[f for f in folders(config) if f != own])
    journal, high_water = open_when_unlocked(
        lambda: open_journal(config, clock, reserve.release_piece), config, gate, clock, shutdown
    )
    metrics = journal.metrics = GateMetrics()
    counted = config.matcher.self_calibrate != "off"
    return _Opened(
        config=config,
        gate=gate,
        factory=factory,
        readers=readers,
        clock=clock,
        journal=journal,
        high_water=high_water,
        metrics=metrics,
        scores=ScoreStore(state / SCORES, lambda: disk.diagnostics) if counted else None,
        disk=disk,
        restart=make_restart(config, shutdown),
    )


def _run_loop(
    opened: _Opened, loop: GateLoop, muster: MusterFile, standings: StandingsFile, shutdown: Shutdown
) -> None:
    """Run the loop until shutdown, then close what was opened."""
    gc.freeze()  # objects loaded so far stay: the garbage collector skips them between frames
    background_check = start_background_check(opened.config, opened.journal)
    numbers = MetricsFile(metrics_file(opened.config, "gate"), opened.metrics.registry)
    measured = opened.metrics.timed(loop.step)

    def step() -> bool:
        healthy = measured()
        opened.journal.sign()
        numbers.write_if_due()
        muster.write_if_due()
        standings.write_if_due()
        return healthy

    watchdog = Watchdog()
    loop.start_passage_thread(watchdog.ping)
    try:
        run_steps(step, shutdown, watchdog)
    finally:
        gc.unfreeze()  # collect what the interpreter cannot at its end: zxing-cpp reports objects left alive
        if background_check is not None:
            background_check.close()
        opened.high_water.close()  # before the journal closes, which keeps the copy of the marks
        loop.close()
        numbers.remove()
        standings.remove()
        if opened.scores is not None:
            opened.scores.close()


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


def _make_loop(opened: _Opened) -> tuple[GateLoop, MusterFile, StandingsFile]:
    """Open the adapters, record the start, and make the loop."""
    config, clock, state = opened.config, opened.clock, opened.config.paths.state_dir
    camera, roster, matcher, indicator = _open_recognition(opened)
    requests = DeskReader(state / DESK, isolated_reader.IsolatedReader(state / DESK))
    opened.readers.callback(requests.close)
    code_reader, card_reader = make_credential_readers(config, clock)
    if card_reader is not None:
        card_reader.start()
    presence = open_presence(config, clock)
    opened.readers.callback(presence.close)
    adapters = Adapters(
        camera=camera,
        matcher=matcher,
        gate=opened.gate,
        indicator=indicator,
        roster=roster,
        journal=opened.journal,
        desk_requests=requests,
        clock=clock,
        code_reader=code_reader,
        card_reader=card_reader,
        pin_code_check=ThreadedPinCodeCheck() if card_reader else None,
        presence=presence,
        thermometer=make_thermometer(config.temperature, clock),
        restart=opened.restart,
        disk=opened.disk,
        high_water=opened.high_water,
        clock_bounds=clock,
        technician_requests=TechnicianRequests(gate_dir(config)),
        preview=make_preview(config),
    )
    muster = MusterFile(config, presence, lambda: roster.state, clock)
    return GateLoop(config, adapters), muster, StandingsFile(config, lambda: roster.state, clock)


def _open_recognition(opened: _Opened) -> tuple[Camera, PreparedRoster, FaceMatcher, GpioIndicator]:
    """Open camera, lists, matcher and indicator, then record the start."""
    config, clock = opened.config, opened.clock
    camera: Camera | None = None
    try:
        camera = MeteredCamera(make_camera(config, clock), clock, opened.metrics)
        camera.start()  # first, because a device opens slowly: lists and models are read meanwhile
        lists = open_roster(config, opened.high_water, apart=True)
        opened.readers.callback(lists.close)
        lists.refresh()  # read everything: no frames are processed during start-up
        lists.parts_per_refresh = PARTS_PER_REFRESH
        if config.liveness.danger:
            log.warning("photos_are_let_in", why=config.liveness.danger)
        matcher = open_matcher(config.matcher, config.paths.models_dir, config.liveness, opened.scores, clock)
        roster = PreparedRoster(lists, matcher.prepare)
        indicator = make_indicator(config.indicator, opened.factory, clock)
    except BaseException:
        if camera is not None:
            camera.close()
        opened.journal.close()
        raise
    _record_start(opened, lists)
    return camera, roster, matcher, indicator


def _record_start(opened: _Opened, lists: ReplicaReader) -> None:
    """Journal the start, and what earlier processes left to be recorded."""
    config, journal = opened.config, opened.journal
    apply_acks(opened.clock, journal, lists)
    record_new_journal(journal, config, lists)
    journal.append(NoticeEvent, code=NoticeCode.GATE_STARTED, detail=f"sitegate {__version__}")
    if reboot_unanswered():
        todo = "the machine was not rebooted, only this process: see systemctl status sitegate-reboot.path"
        journal.append(NoticeEvent, code=NoticeCode.COMMAND_REFUSED, detail=todo)
    take_cut_notes(config.paths.state_dir / CUT_NOTES, lambda ref, text: _record_cut_note(journal, ref, text))


def _record_cut_note(journal: Journal, ref: str, text: str) -> None:
    """Journal a note once, also if the file of notes could not be removed last time."""
    if not journal.seen(ref):
        journal.append(NoticeEvent, ref=ref, code=NoticeCode.PULSE_CUT, detail=text)
