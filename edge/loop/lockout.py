"""Count wrong PINs, cards and codes, and enforce pauses. After a restart the journal restores the counts."""

from contract.messages import AccessEvent, NoticeCode, Reason
from contract.policy import Factor
from edge.core.claims import COUNTED, WRONG_PIN
from edge.core.lockout import CODES_SLOW, PER_READER, PER_WORKER, READER_SLOW, WORKER_SLOW, BurstLockout, SlowLockout
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import JournalWriter

REMEMBERED_EVENTS = 2000
"""At the start this many of the newest events are searched for wrong guesses."""
READER, CODES = "the reader", "codes"


class Lockout:
    def __init__(self, adapters: Adapters, writer: JournalWriter) -> None:
        self._writer = writer
        self._reader, self._reader_slow = BurstLockout(), SlowLockout()
        self._workers: dict[str, BurstLockout] = {}
        self._workers_slow: dict[str, SlowLockout] = {}
        self._codes = SlowLockout()
        self._reported: set[str] = set()
        if adapters.card_reader is not None:
            self._recall(adapters)

    def reader_paused(self, now: float) -> bool:
        """Return True while the reader's input is ignored."""
        return self._paused(READER, self._reader, self._reader_slow, now)

    def worker_paused(self, worker_id: str, now: float) -> bool:
        """Return True while this worker's card is ignored."""
        fast, slow = self._workers.get(worker_id, BurstLockout()), self._workers_slow.get(worker_id, SlowLockout())
        return self._paused(f"worker {worker_id}", fast, slow, now)

    def count_wrong(self, worker_id: str | None, now: float, report: bool = True) -> None:
        """Count a wrong PIN of this worker, or (None) any other refused input.

        A slow lockout is reported as soon as it begins (`report`): a slow guesser may not come back during the pause.
        """
        self._reader = self._reader.after_wrong(PER_READER, now)
        self._reader_slow = self._reader_slow.after_wrong(READER_SLOW, now)
        if worker_id is not None:
            self._workers[worker_id] = self._workers.get(worker_id, BurstLockout()).after_wrong(PER_WORKER, now)
            self._workers_slow[worker_id] = self._workers_slow.get(worker_id, SlowLockout()).after_wrong(
                WORKER_SLOW, now
            )
        if not report:
            return
        if self._reader_slow.paused(now):
            self.reader_paused(now)
        if worker_id is not None and self._workers_slow[worker_id].paused(now):
            self.worker_paused(worker_id, now)

    def clear_burst(self, worker_id: str) -> None:
        """Count the right PIN: forget this worker's burst.

        The reader's burst stays, otherwise a person's own card would clear it. The slow lockout stays too, otherwise a
        thief had two guesses after each visit of the owner.
        """
        self._workers.pop(worker_id, None)

    def may_record_code(self, now: float) -> bool:
        """Return True if another refused code may have its own journal entry. Genuine codes are never delayed."""
        if self._paused(CODES, BurstLockout(), self._codes, now):
            return False
        self._codes = self._codes.after_wrong(CODES_SLOW, now)
        return True

    def _paused(self, whose: str, fast: BurstLockout, slow: SlowLockout, now: float) -> bool:
        if not fast.paused(now) and not slow.paused(now):
            self._reported.discard(whose)
            return False
        if whose not in self._reported:  # once per pause
            self._reported.add(whose)
            wrong = round(slow.wrong) if slow.paused(now) else fast.wrong
            over = "over hours or days" if slow.paused(now) else "in a row"
            pause_s = max(fast.paused_until_s, slow.paused_until_s) - now
            self._writer.defer_notice(
                NoticeCode.TOO_MANY_GUESSES, f"{whose}: {wrong} wrong {over}; paused for {pause_s:.0f} s more"
            )
        return True

    def _recall(self, adapters: Adapters) -> None:
        utc, now = adapters.clock.utc(), adapters.clock.monotonic()
        for event in reversed(adapters.journal.latest(REMEMBERED_EVENTS)):
            if not isinstance(event, AccessEvent):
                continue
            at = now - max(0.0, (utc - event.utc).total_seconds())
            if event.reason is Reason.FACTOR_REFUSED and event.detail in COUNTED:
                self.count_wrong(event.worker_id if event.detail == WRONG_PIN else None, at, report=False)
            elif event.worker_id is not None and Factor.PIN in event.factors:
                self.clear_burst(event.worker_id)
