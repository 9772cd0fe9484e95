"""`GateLoop.step()` is called for ever by the gate process. Nothing in it waits longer than one frame."""

from collections.abc import Callable

import structlog

from contract.messages import Advice, NoticeCode
from edge.core.config import Config
from edge.core.domain import Sight, Tone
from edge.core.ports import JournalError, JournalHeld
from edge.loop.adapters import Ports
from edge.loop.disk_watch import Storage
from edge.loop.display import Board
from edge.loop.hq_inbox import Inbox
from edge.loop.journal_writer import Book
from edge.loop.passage_control import Turnstile
from edge.loop.passage_thread import Reflex
from edge.loop.visits import Lane

log = structlog.get_logger()

INBOX_EVERY_S = 0.2
JOURNAL_ERROR_EVERY_S = 10.0
FRAME_WAIT_S = 0.1
FAILURES_MAX = 20
"""So many failed steps in a row end the process: a restart is the better cure."""


class GateLoop:
    """Puts the parts together; all judgement is in `decision` and `passage`."""

    def __init__(self, config: Config, ports: Ports) -> None:
        self._p = ports
        self._book = Book(config, ports)
        self._turnstile = Turnstile(config, ports, self._book)
        self._storage = Storage(config, ports, self._book)
        self._board = Board(config, ports, self._book, self._turnstile, self._storage)
        self._lane = Lane(config, ports, self._book, self._turnstile, self._board)
        self._inbox = Inbox(config, ports, self._book, self._turnstile, self._board, self._storage)
        self._reflex: Reflex | None = None
        self._frame_number = 0
        self._failures = 0
        self._inbox_due = 0.0
        self._journal_error_due = 0.0

    @property
    def usable_to_pulse_s(self) -> list[float]:
        """See `Lane.usable_to_pulse_s`."""
        return self._lane.usable_to_pulse_s

    @property
    def shown_to_pulse_s(self) -> list[float]:
        """See `Lane.shown_to_pulse_s`."""
        return self._lane.shown_to_pulse_s

    @property
    def ready(self) -> bool:
        """True while the gate is locked, and free for the next person."""
        return self._turnstile.ready

    def start_reflex(self, feed: Callable[[], None] = lambda: None) -> None:
        """Let fire and the exit button open beside the loop. `feed`: the watchdog, for as long as it burns."""
        self._reflex = Reflex(self._turnstile, self._p.gate, self._p.clock.monotonic, feed)

    def step(self) -> bool:
        """One turn; True if it was healthy (then, and only then, the watchdog is fed). In a fire every turn counts as
        healthy: a restart would close the gate. So does one in which another program locks the journal.

        Raises:
            Exception: after FAILURES_MAX failed turns in a row.
        """
        try:
            self._turn()
        except JournalError as error:
            # No record, no opening. The person is told to see the desk, and the next turn tries again. What the gate
            # is doing already stands: a fire release above all.
            self._report(error)
            if not self._turnstile.fire:
                self._board.show(Tone.DESK, Advice.SEE_DESK)
            self._p.camera.wait(self._frame_number, FRAME_WAIT_S)
            # A restart ends nobody's lock: it would lose what waits here to be written, and nothing could be opened after it.
            return self._turnstile.fire or isinstance(error, JournalHeld)
        except Exception as error:  # the promise: an error in the pipeline is a recorded "no decision"
            self._failures += 1
            log.exception("step_failed", failures=self._failures)
            if self._failures >= FAILURES_MAX and not self._turnstile.fire:
                raise
            self._no_decision(error)
            return self._turnstile.fire
        self._failures = 0
        return True

    def close(self) -> None:
        """Locked, dark, and recorded."""
        if self._reflex is not None:
            self._reflex.stop()
        self._p.gate.close()
        self._p.indicator.close()
        self._p.camera.close()
        for other in (self._p.reader, self._p.pins):
            if other is not None:
                other.close()
        if self._p.thermometer is not None:
            self._p.thermometer.close()
        try:
            self._book.notice(NoticeCode.GATE_STOPPED)
            self._book.write_notes()
        except JournalError as error:
            log.error("journal_failed", error=str(error), unwritten=self._book.unwritten)
        self._p.journal.close()

    def _turn(self) -> None:
        self._turnstile.take_signals()  # first of all, and whatever the disk does: fire is among them
        if self._reflex is not None:
            self._reflex.check()
        if self._turnstile.take_alarm():
            self._board.show(Tone.STOP, Advice.SEE_DESK)
        if self._turnstile.fire:  # also with nobody in view: the light is seen from afar
            self._board.show(Tone.GO, Advice.WALK_THROUGH)
        self._board.keep_up()
        self._book.write_notes()
        now = self._p.clock.monotonic()
        if now >= self._inbox_due:
            self._inbox_due = now + INBOX_EVERY_S
            self._inbox.take()
        if self._inbox.leaving:
            self._board.show(Tone.DESK, Advice.SEE_DESK)
            self._p.camera.wait(self._frame_number, FRAME_WAIT_S)
            return
        frame = self._p.camera.wait(self._frame_number, FRAME_WAIT_S)
        camera_ok = self._board.watch_camera()
        self._lane.listen(frame)  # before the matcher: whatever becomes of it, codes and cards go on working
        if frame is not None:
            self._frame_number = frame.number
            seen = self._p.matcher.identify(frame)
            self._board.light(frame, seen.sight is not Sight.NOBODY)
            self._lane.meet(seen)
        elif not camera_ok:
            self._lane.unseen()
        self._board.keep_up()
        self._book.write_notes()

    def _no_decision(self, error: Exception) -> None:
        try:
            self._lane.no_decision(error)
        except JournalError as journal_error:
            self._report(journal_error)

    def _report(self, error: JournalError) -> None:
        now = self._p.clock.monotonic()
        if now >= self._journal_error_due:
            self._journal_error_due = now + JOURNAL_ERROR_EVERY_S
            log.error("journal_failed", error=str(error), unwritten=self._book.unwritten)
