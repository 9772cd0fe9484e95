"""Wrong PINs and unknown cards are counted, and pauses kept. The journal itself is the memory across a restart."""

from contract.messages import AccessEvent, NoticeCode, Reason
from contract.policy import Factor
from edge.claims import COUNTED, WRONG_PIN
from edge.guesses import PER_READER, PER_WORKER, Guesses
from edge.loop.book import Book
from edge.loop.ports import Ports

REMEMBERED_EVENTS = 2000
"""So many of the newest events are read at the start to find the wrong guesses among them."""


class Limits:
    def __init__(self, ports: Ports, book: Book) -> None:
        self._book = book
        self._reader = Guesses()
        self._workers: dict[str, Guesses] = {}
        self._told: set[str] = set()
        if ports.reader is not None:
            self._recall(ports)

    def reader_paused(self, now: float) -> bool:
        """True while nothing that is entered is looked at."""
        return self._paused("the reader", self._reader, now)

    def worker_paused(self, worker_id: str, now: float) -> bool:
        """True while this worker's card is not looked at."""
        return self._paused(f"worker {worker_id}", self._workers.get(worker_id, Guesses()), now)

    def wrong(self, worker_id: str | None, now: float) -> None:
        """A wrong PIN of this worker, or (None) anything else that leads nowhere."""
        self._reader = self._reader.after_wrong(PER_READER, now)
        if worker_id is not None:
            self._workers[worker_id] = self._workers.get(worker_id, Guesses()).after_wrong(PER_WORKER, now)

    def right(self, worker_id: str) -> None:
        """The right PIN: this worker starts afresh. The reader does not, or one's own card would reset it."""
        self._workers.pop(worker_id, None)

    def _paused(self, whose: str, guesses: Guesses, now: float) -> bool:
        if not guesses.paused(now):
            self._told.discard(whose)
            return False
        if whose not in self._told:  # once per pause, however many more are tried
            self._told.add(whose)
            pause_s = guesses.paused_until_s - now
            self._book.notice(
                NoticeCode.TOO_MANY_GUESSES, f"{whose}: {guesses.wrong} wrong; paused for {pause_s:.0f} s more"
            )
        return True

    def _recall(self, ports: Ports) -> None:
        utc, now = ports.clock.utc(), ports.clock.monotonic()
        for event in reversed(ports.journal.latest(REMEMBERED_EVENTS)):
            if not isinstance(event, AccessEvent):
                continue
            at = now - max(0.0, (utc - event.utc).total_seconds())
            if event.reason is Reason.FACTOR_REFUSED and event.detail in COUNTED:
                self.wrong(event.worker_id if event.detail == WRONG_PIN else None, at)
            elif event.worker_id is not None and Factor.PIN in event.factors:
                self.right(event.worker_id)
