"""Is what somebody shows genuine? Pure; whether the person may then pass is `edge.core.decision`'s to say."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from contract.code import BadCode, read
from contract.credentials import card_digest
from contract.policy import Factor
from contract.signing import Verifier
from edge.core.domain import Claim, Worker

CLOCK_SLACK = timedelta(seconds=60)
"""HQ's clock may be this far ahead of the gate's; an expired code gets no such grace."""

UNKNOWN_CARD = "the card is not on the roster"
WRONG_PIN = "the PIN is wrong"
NO_PIN = "the worker has no PIN"
USED_CODE = "the code was already used here"
FORGOTTEN_CODE = "the code is older than this gate's memory, which may have lost that it was used: ask for a new one"
UNREADABLE = "the reader gave something other than digits"
COUNTED = frozenset({UNKNOWN_CARD, WRONG_PIN, NO_PIN, UNREADABLE})
"""Refusals that count as wrong guesses (`edge.core.lockout`)."""


def code_claim(text: str, key: Verifier, site_id: str, now: datetime) -> Claim:
    """What a QR code's text claims, at this site and time. Single use is the caller's to see to, by the claim's `ref`."""
    try:
        code = read(text, key)
    except BadCode as error:
        return Claim(refusal=str(error))
    if code.site_id and code.site_id != site_id:
        return Claim(refusal=f"the code is for site {code.site_id}")
    if now + CLOCK_SLACK < code.issued_utc:
        return Claim(refusal=f"the code is not valid before {code.issued_utc:%Y-%m-%d %H:%M} UTC")
    if now >= code.expires_utc:
        return Claim(refusal=f"the code expired at {code.expires_utc:%Y-%m-%d %H:%M} UTC")
    return Claim(code.worker_id, frozenset({Factor.CODE}), ref=code.ref, issued_utc=code.issued_utc)


def card_index(workers: Mapping[str, Worker]) -> dict[str, str]:
    """Worker id by card digest. A card on two workers' names is nobody's: it cannot say who shows it."""
    found: dict[str, str] = {}
    shared: set[str] = set()
    for worker in workers.values():
        for digest in worker.cards:
            if found.setdefault(digest, worker.worker_id) != worker.worker_id:
                shared.add(digest)
    return {digest: worker_id for digest, worker_id in found.items() if digest not in shared}


def card_claim(number: str, site_id: str, index: Mapping[str, str]) -> Claim:
    """What a card's number claims."""
    worker_id = index.get(card_digest(site_id, number))
    if worker_id is None:
        return Claim(refusal=UNKNOWN_CARD)
    return Claim(worker_id, frozenset({Factor.CARD}))


def merge_claims(held: Claim, shown: Claim) -> Claim:
    """One person's claim out of what they showed before and now; somebody else's replaces it."""
    if held.worker_id != shown.worker_id:
        return shown
    return Claim(shown.worker_id, held.factors | shown.factors, ref=shown.ref or held.ref)
