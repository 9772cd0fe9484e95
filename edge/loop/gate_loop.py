"""The gate process calls `GateLoop.step()` in an endless loop. No call waits longer than one frame."""

from collections.abc import Callable

import structlog

from contract.messages import Advice, NoticeCode
from edge.core.config import Config
from edge.core.domain import Identification, Sight, Tone
from edge.core.ports import JournalError, JournalHeld
from edge.loop.adapters import Adapters
from edge.loop.disk_watch import DiskWatch
from edge.loop.display import Display
from edge.loop.hq_inbox import HqInbox
from edge.loop.journal_writer import JournalWriter
from edge.loop.passage_control import PassageControl
from edge.loop.passage_thread import PassageThread
from edge.loop.training_proofs import TrainingProofs
from edge.loop.visitors import Visitors
from edge.loop.visits import Visits

log = structlog.get_logger()

INBOX_EVERY_S = 0.2
JOURNAL_ERROR_EVERY_S = 10.0
FRAME_WAIT_S = 0.1
FAILURES_MAX = 20
"""This many failed steps in a row end the process, because a restart repairs more."""


class GateLoop:
    """Join the parts of the loop. Decisions are made in `edge.core.decision` and `edge.core.passage`."""

    def __init__(self, config: Config, adapters: Adapters) -> None:
        self._adapters = adapters
        self._writer = JournalWriter(config, adapters)
        self._passage_control = PassageControl(config, adapters, self._writer)
        self._disk_watch = DiskWatch(config, adapters, self._writer)
        self._display = Display(config, adapters, self._writer, self._passage_control, self._disk_watch)
        visitors = Visitors(adapters, self._writer)
        self._visits = Visits(config, adapters, self._writer, self._passage_control, self._display, visitors)
        self._proofs = TrainingProofs(config, adapters, self._writer, self._display)
        self._inbox = HqInbox(
            config,
            adapters,
            self._writer,
            self._passage_control,
            self._display,
            self._disk_watch,
            self._proofs,
            visitors,
        )
        self._is_terminal = config.gate.is_terminal
        self._passage_thread: PassageThread | None = None
        self._frame_number = 0
        self._failures = 0
        self._inbox_due = 0.0
        self._journal_error_due = 0.0

    @property
    def usable_to_pulse_s(self) -> list[float]:
        """See `Visits.usable_to_pulse_s`."""
        return self._visits.usable_to_pulse_s

    @property
    def shown_to_pulse_s(self) -> list[float]:
        """See `Visits.shown_to_pulse_s`."""
        return self._visits.shown_to_pulse_s

    @property
    def ready(self) -> bool:
        """True while the gate is locked, and free for the next person."""
        return self._passage_control.ready

    def start_passage_thread(self, feed: Callable[[], None] = lambda: None) -> None:
        """Start the thread for fire and the exit button. `feed` feeds systemd's watchdog during a fire."""
        self._passage_thread = PassageThread(
            self._passage_control, self._adapters.gate, self._adapters.clock.monotonic, feed
        )

    def step(self) -> bool:
        """Run one turn. Return True if it was healthy; only then feed the watchdog.

        In a fire every turn counts as healthy, because a restart would close the gate. A turn counts as healthy too
        while another program locks the journal.

        Raises:
            Exception: after FAILURES_MAX failed turns in a row.
        """
        try:
            self._turn()
        except JournalError as error:
            # No record, no opening: send the person to the desk and try again in the next turn. What the gate already
            # does continues, above all a fire release.
            self._report(error)
            if not self._passage_control.fire:
                self._display.show(Tone.DESK, Advice.SEE_DESK)
            self._adapters.camera.wait(self._frame_number, FRAME_WAIT_S)
            # A restart does not end another program's lock. It would lose the deferred records, and the gate could open
            # nothing.
            return self._passage_control.fire or isinstance(error, JournalHeld)
        except Exception as error:  # an error in the pipeline must become a recorded "no decision"
            self._failures += 1
            log.exception("step_failed", failures=self._failures)
            if self._failures >= FAILURES_MAX and not self._passage_control.fire:
                raise
            self._no_decision(error)
            return self._passage_control.fire
        self._failures = 0
        return True

    def close(self) -> None:
        """Lock, switch everything off, and record the stop."""
        if self._passage_thread is not None:
            self._passage_thread.stop()
        self._adapters.gate.close()
        self._adapters.indicator.close()
        self._adapters.camera.close()
        for other in (self._adapters.card_reader, self._adapters.pin_code_check):
            if other is not None:
                other.close()
        if self._adapters.thermometer is not None:
            self._adapters.thermometer.close()
        if self._adapters.preview is not None:
            self._adapters.preview.close()
        try:
            self._writer.defer_notice(NoticeCode.GATE_STOPPED)
            self._writer.write_deferred()
        except JournalError as error:
            log.error("journal_failed", error=str(error), unwritten=self._writer.unwritten)
        self._adapters.journal.close()

    def _turn(self) -> None:
        self._passage_control.take_signals()  # first, because fire is among the signals and must not wait for the disk
        if self._passage_thread is not None:
            self._passage_thread.check()
        if self._passage_control.take_alarm():
            self._display.show(Tone.STOP, Advice.SEE_DESK)
        if self._passage_control.fire:  # also with an empty lane: the light is visible from a distance
            self._display.show(Tone.GO, Advice.WALK_THROUGH)
        self._display.write_live_state()
        self._writer.write_deferred()
        now = self._adapters.clock.monotonic()
        if now >= self._inbox_due:
            self._inbox_due = now + INBOX_EVERY_S
            self._inbox.process()
        if self._inbox.rebooting:
            self._display.show(Tone.DESK, Advice.SEE_DESK)
            self._display.preview(None, False)
            self._adapters.camera.wait(self._frame_number, FRAME_WAIT_S)
            return
        frame = self._adapters.camera.wait(self._frame_number, FRAME_WAIT_S)
        camera_ok = self._display.check_camera()
        self._visits.take_credentials(frame)  # before the matcher: codes and cards must work without it
        self._take_training()
        if frame is not None:
            self._frame_number = frame.number
            seen = self._adapters.matcher.identify(frame)
            self._display.adjust_fill_light(frame, seen.sight is not Sight.NOBODY)
            self._take_identification(seen)
            self._display.preview(frame, seen.sight is not Sight.NOBODY)
        elif not camera_ok:
            self._visits.camera_lost()
            self._display.preview(None, False)
        self._display.write_live_state()
        self._writer.write_deferred()

    def _take_training(self) -> None:
        """Take codes of training. In a fire they are forgotten."""
        shown = self._visits.take_training()
        if self._passage_control.fire:
            self._proofs.forget()
            return
        for claim in shown:
            self._proofs.show(claim)
        self._proofs.check_time()

    def _take_identification(self, seen: Identification) -> None:
        """Give a face to a proof of training that waits for it, or else to the person's visit."""
        if self._passage_control.fire or not self._proofs.take_identification(seen):
            if not self._is_terminal:
                self._visits.take_identification(seen)
            elif seen.sight is Sight.NOBODY or self._passage_control.fire:
                self._display.show_idle()
            else:
                self._display.show_idle(Tone.ADJUST, Advice.SHOW_CODE_OR_CARD)

    def _no_decision(self, error: Exception) -> None:
        try:
            self._visits.no_decision(error)
        except JournalError as journal_error:
            self._report(journal_error)

    def _report(self, error: JournalError) -> None:
        now = self._adapters.clock.monotonic()
        if now >= self._journal_error_due:
            self._journal_error_due = now + JOURNAL_ERROR_EVERY_S
            log.error("journal_failed", error=str(error), unwritten=self._writer.unwritten)
