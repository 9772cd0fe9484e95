"""Read codes, cards and PINs, and combine them into one person's claim."""

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
from edge.core.domain import Claim, Frame, ReaderEntry, TrainingClaim, Worker
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import JournalWriter, before_memory
from edge.loop.lockout import Lockout
from edge.loop.visitors import Visitors


@dataclass(frozen=True, slots=True)
class ShownCredential:
    """One credential, shown at `at_s` (monotonic): a refusal, or the person's whole claim so far. `about`: the
    worker whom a refusal concerns, if known."""

    claim: Claim
    at_s: float
    about: str | None = None


HELD_S = 5.0
"""A card left on the reader releases once. Readings with shorter pauses than this are ignored."""
HELD_REFUSED_S = 1.0
"""The same for a refused card: it is recorded once."""


@dataclass(frozen=True, slots=True)
class _LastCard:
    """The last card that was decided on, and when it was last read."""

    worker_id: str = ""
    read_s: float = float("-inf")
    pause_s: float = HELD_S

    def lies_there(self, worker_id: str, now: float) -> bool:
        return worker_id == self.worker_id and now - self.read_s < self.pause_s


class Credentials:
    def __init__(self, config: Config, adapters: Adapters, writer: JournalWriter, visitors: Visitors) -> None:
        self._config, self._adapters, self._writer, self._visitors = config, adapters, writer, visitors
        self._held, self._held_at = Claim(), float("-inf")
        self._asked: tuple[str, float] | None = None
        self._cards: dict[str, str] = {}
        self._cards_of: object = None
        self._reader_ok = True
        self._lockout = Lockout(adapters, writer)
        self._last_card = _LastCard()
        self._training: list[TrainingClaim] = []
        self._keys_answered = 0

    def take_training(self) -> list[TrainingClaim]:
        """Return the codes of training sessions shown since the last call, oldest first."""
        shown, self._training = self._training, []
        return shown

    def take(self, frame: Frame | None) -> list[ShownCredential]:
        """Return the credentials shown since the last call, oldest first."""
        self._check_reader()
        self._answer_keys()
        return [*self._read_codes(frame), *self._pin_answer(), *self._read_entries()]

    def discard_input(self) -> None:
        """Discard all input: in a fire the gate stands open."""
        self._check_reader()
        if self._adapters.card_reader is not None:
            self._adapters.card_reader.entries()
        self.forget()

    def claim(self, now: float) -> Claim:
        """Return the claim of the person in the lane. It is empty after `together_within_ms`."""
        return self._held if now - self._held_at <= self._config.reader.together_within_ms / 1000 else Claim()

    def claim_decided(self, granted: bool) -> None:
        """End the claim after a decision. A card that stays on the reader does not count as shown again."""
        if self._held.worker_id is not None and self._held.factors == {Factor.CARD}:  # a person always types a PIN
            self._last_card = _LastCard(self._held.worker_id, self._held_at, HELD_S if granted else HELD_REFUSED_S)
        self.forget()

    def forget(self) -> None:
        """Forget the claim and a waiting PIN question."""
        self._held, self._asked = Claim(), None

    def _answer_keys(self) -> None:
        """Sound a tone if keys were pressed: most PIN pads on USB are silent."""
        reader = self._adapters.card_reader
        pressed = reader.keys() if reader is not None else 0
        if pressed != self._keys_answered:
            self._keys_answered = pressed
            self._adapters.indicator.key_tone()

    def _read_codes(self, frame: Frame | None) -> list[ShownCredential]:
        claim = self._adapters.code_reader.read(frame) if self._adapters.code_reader and frame is not None else None
        if claim is None or frame is None:
            return []
        if claim.training is not None:
            self._training.append(claim.training)
            return []
        if claim.badge:
            claim = self._visitors.claim(claim.badge)
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
        """Return the refusal; without its reason if the journal has too many of them."""
        return shown if self._lockout.may_record_code(shown.at_s) else ShownCredential(Claim(), shown.at_s)

    def _read_entries(self) -> list[ShownCredential]:
        entries = self._adapters.card_reader.entries() if self._adapters.card_reader else []
        return [shown for entry in entries if (shown := self._entered(entry))]

    def _entered(self, entry: ReaderEntry) -> ShownCredential | None:
        """Take a card's number, or the PIN for the card shown before."""
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
        """Return the worker whose card waits for a PIN. A second PIN during the comparison is ignored."""
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
            self.forget()  # the next try needs the card again: a person who walked on leaves no claim behind
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
        """Record when the card reader is lost or back."""
        if self._adapters.card_reader is None:
            return
        status = self._adapters.card_reader.status()
        if status.ok != self._reader_ok:
            self._reader_ok = status.ok
            self._writer.defer_notice(NoticeCode.READER_BACK if status.ok else NoticeCode.READER_LOST, status.detail)
