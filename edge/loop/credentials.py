"""What somebody shows beside the face: codes, cards and PINs, put together to one person's claim."""

from dataclasses import dataclass, replace

from contract.messages import NoticeCode
from contract.policy import Factor
from edge.core.claims import (
    FORGOTTEN_CODE,
    NO_PIN,
    UNKNOWN_CARD,
    UNREADABLE,
    USED_CODE,
    WRONG_PIN,
    card_claim,
    card_index,
    merge_claims,
)
from edge.core.config import Config
from edge.core.domain import Claim, Frame, ReaderEntry, Worker
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import JournalWriter, before_memory
from edge.loop.lockout import Lockout


@dataclass(frozen=True, slots=True)
class ShownCredential:
    """Something was shown, at `at_s` (monotonic): a refusal, or the person's whole claim as it stands now. `about` is
    whom a refusal concerns, where that is known."""

    claim: Claim
    at_s: float
    about: str | None = None


HELD_S = 5.0
"""A card that lets somebody in opens nothing more while it is read again with shorter pauses: it lies on the reader."""
HELD_REFUSED_S = 1.0
"""The same for one that was refused: it is recorded once."""


@dataclass(frozen=True, slots=True)
class _LastCard:
    """The last card that was decided on, and when it was last read."""

    worker_id: str = ""
    read_s: float = float("-inf")
    pause_s: float = HELD_S

    def lies_there(self, worker_id: str, now: float) -> bool:
        return worker_id == self.worker_id and now - self.read_s < self.pause_s


class Credentials:
    def __init__(self, config: Config, adapters: Adapters, writer: JournalWriter) -> None:
        self._config, self._adapters, self._writer = config, adapters, writer
        self._held, self._held_at = Claim(), float("-inf")
        self._asked: tuple[str, float] | None = None
        self._cards: dict[str, str] = {}
        self._cards_of: object = None
        self._reader_ok = True
        self._lockout = Lockout(adapters, writer)
        self._last_card = _LastCard()

    def take(self, frame: Frame | None) -> list[ShownCredential]:
        """What was shown since the last call, oldest first."""
        self._check_reader()
        return [*self._read_codes(frame), *self._pin_answer(), *self._read_entries()]

    def discard_input(self) -> None:
        """Whatever is shown now is for nothing: the gate stands open."""
        self._check_reader()
        if self._adapters.card_reader is not None:
            self._adapters.card_reader.entries()
        self.forget()

    def claim(self, now: float) -> Claim:
        """What is known of the person in the lane by now; empty once it is too long ago."""
        return self._held if now - self._held_at <= self._config.reader.together_within_ms / 1000 else Claim()

    def claim_decided(self, granted: bool) -> None:
        """The claim was decided on: it has served its purpose, and a card that goes on lying there is not shown again."""
        if self._held.worker_id is not None and self._held.factors == {
            Factor.CARD
        }:  # a PIN is always typed by somebody
            self._last_card = _LastCard(self._held.worker_id, self._held_at, HELD_S if granted else HELD_REFUSED_S)
        self.forget()

    def forget(self) -> None:
        """The claim has served its purpose."""
        self._held, self._asked = Claim(), None

    def _read_codes(self, frame: Frame | None) -> list[ShownCredential]:
        claim = self._adapters.code_reader.read(frame) if self._adapters.code_reader and frame is not None else None
        if claim is None or frame is None:
            return []
        if claim.ref and self._adapters.journal.seen(claim.ref):
            return [self._refused_code(ShownCredential(Claim(refusal=USED_CODE), frame.monotonic_s, claim.worker_id))]
        if claim.issued_utc is not None and before_memory(self._adapters.journal, claim.issued_utc):
            return [
                self._refused_code(ShownCredential(Claim(refusal=FORGOTTEN_CODE), frame.monotonic_s, claim.worker_id))
            ]
        if claim.refusal:
            return [self._refused_code(ShownCredential(claim, frame.monotonic_s))]
        return [self._add_to_claim(claim, frame.monotonic_s)]

    def _refused_code(self, shown: ShownCredential) -> ShownCredential:
        """It, or without its reason once there are too many for the journal."""
        return shown if self._lockout.may_record_code(shown.at_s) else ShownCredential(Claim(), shown.at_s)

    def _read_entries(self) -> list[ShownCredential]:
        entries = self._adapters.card_reader.entries() if self._adapters.card_reader else []
        return [shown for entry in entries if (shown := self._entered(entry))]

    def _entered(self, entry: ReaderEntry) -> ShownCredential | None:
        """A card's number, or the PIN of whoever's card was shown before."""
        if self._lockout.reader_paused(entry.monotonic_s):
            return ShownCredential(Claim(), entry.monotonic_s)
        if not entry.text:
            return self._refused(UNREADABLE, entry)
        card = card_claim(entry.text, self._config.site.site_id, self._card_index())
        if card.worker_id is not None:
            if self._last_card.lies_there(card.worker_id, entry.monotonic_s):
                self._last_card = replace(self._last_card, read_s=entry.monotonic_s)
                return None
            if self._lockout.worker_paused(card.worker_id, entry.monotonic_s):
                return ShownCredential(Claim(), entry.monotonic_s)
            self._asked = None
            return self._add_to_claim(card, entry.monotonic_s)
        if (worker := self._awaits_pin(entry.monotonic_s)) is not None:
            return self._ask_pin(worker, entry)
        return self._refused(UNKNOWN_CARD, entry)

    def _awaits_pin(self, now: float) -> Worker | None:
        """The worker whose card is waiting for a PIN. A second PIN while the first is being compared is not looked at."""
        held = self.claim(now)
        if held.worker_id is None or Factor.CARD not in held.factors or Factor.PIN in held.factors:
            return None
        return self._adapters.roster.state.workers.get(held.worker_id)

    def _ask_pin(self, worker: Worker, entry: ReaderEntry) -> ShownCredential | None:
        if self._asked is not None or self._adapters.pin_code_check is None:
            return None
        if worker.pin is None:
            return self._refused(NO_PIN, entry, worker.worker_id)
        self._asked = worker.worker_id, entry.monotonic_s
        self._adapters.pin_code_check.ask(entry.text, worker.pin)
        return None

    def _pin_answer(self) -> list[ShownCredential]:
        answer = self._adapters.pin_code_check.answer() if self._adapters.pin_code_check else None
        if answer is None or self._asked is None:
            return []
        (worker_id, entered_s), self._asked = self._asked, None
        if not answer:
            self._lockout.count_wrong(worker_id, entered_s)
            self.forget()  # the card again, for another try: whoever walked on leaves nothing behind
            return [ShownCredential(Claim(refusal=WRONG_PIN), entered_s, worker_id)]
        self._lockout.clear_burst(worker_id)
        return [self._add_to_claim(Claim(worker_id, frozenset({Factor.PIN})), entered_s)]

    def _refused(self, why: str, entry: ReaderEntry, about: str | None = None) -> ShownCredential:
        self._lockout.count_wrong(None, entry.monotonic_s)
        return ShownCredential(Claim(refusal=why), entry.monotonic_s, about)

    def _add_to_claim(self, claim: Claim, at_s: float) -> ShownCredential:
        self._held, self._held_at = merge_claims(self.claim(at_s), claim), at_s
        return ShownCredential(self._held, at_s)

    def _card_index(self) -> dict[str, str]:
        workers = self._adapters.roster.state.workers
        if workers is not self._cards_of:
            self._cards, self._cards_of = card_index(workers), workers
        return self._cards

    def _check_reader(self) -> None:
        """Record a reader that was lost or came back."""
        if self._adapters.card_reader is None:
            return
        status = self._adapters.card_reader.status()
        if status.ok != self._reader_ok:
            self._reader_ok = status.ok
            self._writer.defer_notice(NoticeCode.READER_BACK if status.ok else NoticeCode.READER_LOST, status.detail)
