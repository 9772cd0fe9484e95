"""Check whether a shown credential is genuine. Pure. `edge.core.decision` decides whether the person may pass."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from contract.code import BadCode, Code, read
from contract.credentials import card_digest
from contract.policy import Factor
from contract.signing import Verifier
from contract.training_code import TrainingCode, read_training_code
from edge.core.domain import Claim, TrainingClaim, VisitorPass, Worker

CLOCK_SLACK = timedelta(seconds=60)
"""HQ's clock may be this much ahead of the gate's. An expired code gets no such tolerance."""

UNKNOWN_CARD = "the card is not on the roster"
WRONG_PIN = "the PIN is wrong"
NO_PIN = "the worker has no PIN"
USED_CODE = "the code was already used here"
FORGOTTEN_CODE = "the code is older than this gate's memory, so it may have been used already: ask for a new one"
UNKNOWN_BADGE = "the badge is not known here, or its visit has ended: ask the guard for a new one"
UNREADABLE = "the reader gave something other than digits"
COUNTED = frozenset({UNKNOWN_CARD, WRONG_PIN, NO_PIN, UNREADABLE})
"""Refusals that count as wrong guesses (`edge.core.lockout`)."""


def code_claim(text: str, key: Verifier, site_id: str, now: datetime) -> Claim:
    """Return the claim of a QR code's text, at this site and time. The caller enforces single use, by the claim's
    `ref`."""
    try:
        code = read(text, key)
    except BadCode as error:
        return Claim(refusal=str(error))
    if refusal := _not_here_and_now(code, site_id, now):
        return Claim(refusal=refusal)
    return Claim(code.worker_id, frozenset({Factor.CODE}), ref=code.ref, issued_utc=code.issued_utc)


def training_claim(text: str, key: Verifier, site_id: str, now: datetime) -> Claim:
    """Return the claim of a training code's text, at this site and time. It names nobody who could pass."""
    try:
        code = read_training_code(text, key)
    except BadCode as error:
        return Claim(refusal=f"training: {error}")
    if refusal := _not_here_and_now(code, site_id, now):
        return Claim(refusal=f"training: {refusal}")
    return Claim(training=TrainingClaim(code.session_id, code.step, code.worker_id, code.ref, code.expires_utc))


def badge_claim(badge: str, passes: Mapping[str, VisitorPass], now: datetime) -> Claim:
    """Return the claim of a visitor's badge. `passes`: those that the gate has recorded, by the badge's digest."""
    found = passes.get(badge)
    if found is None:
        return Claim(refusal=UNKNOWN_BADGE)
    if now + CLOCK_SLACK < found.from_utc:
        return Claim(refusal=f"the badge is not valid before {found.from_utc:%Y-%m-%d %H:%M} UTC")
    if now >= found.until_utc:
        return Claim(refusal=f"the badge expired at {found.until_utc:%Y-%m-%d %H:%M} UTC")
    return Claim(found.visitor_id, frozenset({Factor.CODE}), visitor=True)


def _not_here_and_now(code: Code | TrainingCode, site_id: str, now: datetime) -> str:
    """Say why a code is not valid at this site and time; "" if it is."""
    if code.site_id and code.site_id != site_id:
        return f"the code is for site {code.site_id}"
    if now + CLOCK_SLACK < code.issued_utc:
        return f"the code is not valid before {code.issued_utc:%Y-%m-%d %H:%M} UTC"
    if now >= code.expires_utc:
        return f"the code expired at {code.expires_utc:%Y-%m-%d %H:%M} UTC"
    return ""


def card_index(workers: Mapping[str, Worker]) -> dict[str, str]:
    """Return the worker id by card digest. A card of two workers is left out, because it cannot identify either."""
    found: dict[str, str] = {}
    shared: set[str] = set()
    for worker in workers.values():
        for digest in worker.cards:
            if found.setdefault(digest, worker.worker_id) != worker.worker_id:
                shared.add(digest)
    return {digest: worker_id for digest, worker_id in found.items() if digest not in shared}


def card_claim(number: str, site_id: str, index: Mapping[str, str]) -> Claim:
    """Return the claim of a card's number."""
    worker_id = index.get(card_digest(site_id, number))
    if worker_id is None:
        return Claim(refusal=UNKNOWN_CARD)
    return Claim(worker_id, frozenset({Factor.CARD}))


def merge_claims(held: Claim, shown: Claim) -> Claim:
    """Merge what one person has shown before and now. Another person's claim replaces it."""
    if held.worker_id != shown.worker_id:
        return shown
    return Claim(shown.worker_id, held.factors | shown.factors, ref=shown.ref or held.ref, visitor=shown.visitor)
