"""Chooses which records of a signed journal go out together. HQ takes only records that a signature covers. Pure."""

from collections.abc import Sequence

from contract.messages import EventRecord
from edge.storage.signed_heads import follows


def sendable(fitting: Sequence[EventRecord], rows: Sequence[EventRecord]) -> tuple[EventRecord, ...]:
    """Return the leading `rows` up to the last signed one of the `fitting`, or else up to the first signed one behind.

    Return none if no row is signed. Only signatures that HQ needs stay.
    """
    signed = [at for at, record in enumerate(rows) if record.signature is not None]
    if not signed:
        return ()
    within = [at for at in signed if at < len(fitting)]
    return without_spare_signatures(rows[: (within[-1] if within else signed[0]) + 1])


def without_spare_signatures(records: Sequence[EventRecord]) -> tuple[EventRecord, ...]:
    """Remove the signatures of records that the next record covers: it carries their hash."""
    found = list(records)
    for at, record in enumerate(records[:-1]):
        after = records[at + 1]
        if (
            record.signature is not None
            and after.prev_hash == record.hash
            and follows(after.prev_hash, after.hash, after.body)
        ):
            found[at] = record.model_copy(update={"signature": None})
    return tuple(found)
