"""The hash chain that ties each event to all before it; gate and HQ compute it alike."""

import hashlib
from collections.abc import Iterable

from contract.messages import EventRecord

GENESIS = "0" * 64
"""`prev_hash` of the first record of an epoch."""


class BrokenChain(ValueError):
    """A record that does not follow from the one before it."""


def link(prev_hash: str, body: str) -> str:
    """Hash of a record: SHA-256(prev_hash as 32 bytes ‖ body as UTF-8), hex."""
    return hashlib.sha256(bytes.fromhex(prev_hash) + body.encode()).hexdigest()


def verify(records: Iterable[EventRecord], seq: int = 0, prev_hash: str = GENESIS) -> tuple[int, str]:
    """Walk the records from the state (seq, hash) before them; return the state after them.

    Raises:
        BrokenChain: a hole in `seq`, a wrong `prev_hash`, or a body that its hash does not fit.
    """
    for record in records:
        if record.seq != seq + 1:
            raise BrokenChain(f"seq {record.seq} follows {seq}")
        if record.prev_hash != prev_hash:
            raise BrokenChain(f"seq {record.seq} does not continue the chain")
        if link(prev_hash, record.body) != record.hash:
            raise BrokenChain(f"seq {record.seq} was changed after it was written")
        seq, prev_hash = record.seq, record.hash
    return seq, prev_hash
