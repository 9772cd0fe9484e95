"""Drives the gate through the passage machine: signals in, pulses and records out. The table itself is `edge.passage`."""

from dataclasses import replace

from contract.messages import AccessEvent, NoticeCode, PassageEvent
from edge.config import Config
from edge.domain import GateSignal
from edge.loop.book import Book
from edge.loop.ports import Ports
from edge.passage import OUTCOMES, Action, Passage, PassageInput, PassageState, step

_SIGNALS: dict[GateSignal, PassageInput] = {
    GateSignal.PASSED: PassageInput.PASSED,
    GateSignal.FIRE_ON: PassageInput.FIRE_ON,
    GateSignal.FIRE_OFF: PassageInput.FIRE_OFF,
}


class Turnstile:
    def __init__(self, config: Config, ports: Ports, book: Book) -> None:
        self._config, self._p, self._book = config, ports, book
        self._passage = Passage()
        self.passed = 0
        """How many people have passed since the start."""

    @property
    def state(self) -> PassageState:
        return self._passage.state

    @property
    def ready(self) -> bool:
        """True if the gate may be opened for the next person."""
        return self._passage.ready

    def take_signals(self) -> None:
        """What the inputs reported, and the clock: feeds the machine."""
        for signal in self._p.gate.signals():
            if signal is GateSignal.TAMPER:
                self._book.notice(NoticeCode.TAMPER)
            else:
                self._happened(_SIGNALS[signal])
        deadline = self._passage.deadline_s
        if deadline is not None and self._p.clock.monotonic() >= deadline:
            self._happened(PassageInput.TIMEOUT)

    def release(self, event: AccessEvent) -> None:
        """Let one person through, on a decision that is already on disk. Raises GateError."""
        self._passage = replace(self._passage, access_seq=event.seq, worker_id=event.worker_id)
        self._happened(PassageInput.GRANT)

    def _happened(self, what: PassageInput) -> None:
        before = self._passage
        self._passage, actions = step(before, what)
        for action in actions:  # the table lists what moves the gate before what is recorded
            if action is Action.PULSE:
                # The deadline first: a pulse that fails must not leave the passage waiting for ever.
                deadline = self._p.clock.monotonic() + self._config.gate.passage_timeout_ms / 1000
                self._passage = replace(self._passage, deadline_s=deadline)
                self._p.gate.pulse()
            elif action is Action.LOCK:
                self._p.gate.lock()
            elif action is Action.HOLD_OPEN:
                self._p.gate.hold_open()
            else:
                self._record(action, before)

    def _record(self, action: Action, before: Passage) -> None:
        if action in OUTCOMES:
            self.passed += action is Action.RECORD_PASSED
            self._book.note(
                PassageEvent,
                outcome=OUTCOMES[action],
                direction=self._config.site.direction,
                access_seq=before.access_seq,
                worker_id=before.worker_id,
            )
        else:
            self._book.notice(NoticeCode.FIRE_ON if action is Action.RECORD_FIRE_ON else NoticeCode.FIRE_OFF)
