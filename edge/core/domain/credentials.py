"""Credentials that people show, and the claims they prove."""

from dataclasses import dataclass, field
from datetime import datetime

from contract.messages import TrainingStep
from contract.policy import Factor


@dataclass(frozen=True, slots=True)
class TrainingClaim:
    """A genuine code of a training session. It opens nothing. `worker_id`: "" in the code of a class."""

    session_id: str
    step: TrainingStep
    worker_id: str
    ref: str
    expires_utc: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """The worker whom a code, a card, a PIN or a guard names.

    `worker_id` is set only for a genuine credential. Otherwise `refusal` explains the fault to the manager. `ref`: the
    journal's single-use key, if any. `issued_utc`: the earliest time of its first use.
    """

    worker_id: str | None = None
    factors: frozenset[Factor] = frozenset()
    refusal: str = ""
    ref: str = ""
    issued_utc: datetime | None = None
    badge: str = ""
    """Set instead of `worker_id` by a visitor's badge: the digest of its text, not yet looked up."""
    visitor: bool = False
    """True if `worker_id` is a visitor's, whom a guard registered."""
    training: TrainingClaim | None = None
    """Set instead of `worker_id` by a code of a training session."""


@dataclass(frozen=True, slots=True)
class ReaderEntry:
    """Digits typed at a card reader or PIN pad up to Enter. `text` is empty if there were other keys. Never logged."""

    text: str = field(repr=False)
    monotonic_s: float
