"""The hash chain: each event's hash covers all events before it. Gate and HQ compute it in the same way."""

import hashlib
from collections.abc import Iterable

from contract.erasure import is_without_sealed
from contract.messages import EventRecord

GENESIS = "0" * 64
"""`prev_hash` of the first record of an epoch."""


class BrokenChain(ValueError):
    """A record does not follow from the one before it."""


def link(prev_hash: str, body: str) -> str:
    """Return the hash of a record: SHA-256(prev_hash as 32 bytes ‖ body as UTF-8), hex."""
    return hashlib.sha256(bytes.fromhex(prev_hash) + body.encode()).hexdigest()


def verify(records: Iterable[EventRecord], seq: int = 0, prev_hash: str = GENESIS) -> tuple[int, str]:
    """Check the records, from the state (seq, hash) before them; return the state after them.

    The hash of an erased record cannot be checked, because its body is gone. It is accepted, and the next record must
    continue it.

    Raises:
        BrokenChain: a hole in `seq`, a wrong `prev_hash`, a body that does not fit its hash; or an erased record is not
            an enrolment.
    """
    for record in records:
        if record.seq != seq + 1:
            raise BrokenChain(f"seq {record.seq} follows {seq}")
        if record.prev_hash != prev_hash:
            raise BrokenChain(f"seq {record.seq} does not continue the chain")
        if changed(record):
            raise BrokenChain(f"seq {record.seq} was changed after it was written")
        seq, prev_hash = record.seq, record.hash
    return seq, prev_hash


def changed(record: EventRecord) -> bool:
    """Return True if a record's body is neither the one that was hashed nor what erasing leaves of an enrolment."""
    if record.erased is not None:
        return not is_without_sealed(record.body)
    return link(record.prev_hash, record.body) != record.hash
