"""Credentials that people show, and the claims they prove."""

from dataclasses import dataclass, field
from datetime import datetime

from contract.policy import Factor


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody has shown to be by other means than the face: a code, a card, a PIN, a guard's word.

    `worker_id` is set only if what was shown is genuine; otherwise `refusal` says, for the manager, why it is not.
    `ref`, if any, is what the journal must know the admission by, because it was shown for one use, and `issued_utc` since when
    that may have been.
    """

    worker_id: str | None = None
    factors: frozenset[Factor] = frozenset()
    refusal: str = ""
    ref: str = ""
    issued_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReaderEntry:
    """What a card reader or PIN pad gave up to its Enter key; `text` is empty if it was not digits alone. Never logged."""

    text: str = field(repr=False)
    monotonic_s: float
