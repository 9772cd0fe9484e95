"""The hash chain that ties each event to all before it; gate and HQ compute it alike."""

import hashlib
from collections.abc import Iterable

from contract.erasure import is_without_sealed
from contract.messages import EventRecord

GENESIS = "0" * 64
"""`prev_hash` of the first record of an epoch."""


class BrokenChain(ValueError):
    """A record that does not follow from the one before it."""


def link(prev_hash: str, body: str) -> str:
    """Hash of a record: SHA-256(prev_hash as 32 bytes ‖ body as UTF-8), hex."""
    return hashlib.sha256(bytes.fromhex(prev_hash) + body.encode()).hexdigest()


def verify(records: Iterable[EventRecord], seq: int = 0, prev_hash: str = GENESIS) -> tuple[int, str]:
    """Walk the records from the state (seq, hash) before them; return the state after them. Of an erased record the hash is
    believed, and the next record must continue it: what stood in it cannot be looked at any more.

    Raises:
        BrokenChain: a hole in `seq`, a wrong `prev_hash`, a body that its hash does not fit, or an erased record that is no
            enrolment.
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
    """Whether a record's body is not the one that was hashed, nor what erasing leaves of an enrolment."""
    if record.erased is not None:
        return not is_without_sealed(record.body)
    return link(record.prev_hash, record.body) != record.hash
