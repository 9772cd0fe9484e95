"""Which line of a journal a batch continues.

A journal is one chain. But a card may be cloned, an old image put back, a journal rewritten: then two continuations of
one chain arrive. And an HQ that was restored from a backup may be offered only what follows a gap, because the gate has
already removed the rest. Nothing of that is refused and nothing is mixed: what came first keeps the epoch's name, any
other line is held beside it as a *branch* named EPOCH~HASH after its first record. No gate can name an epoch so: "~" may
not stand in an id.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from contract.chain import GENESIS
from contract.messages import EventRecord
from hq.database import tables as t
from hq.database.journals import JournalKey, Watermark, hashes, watermarks

MARK = "~"
_HASH_DIGITS = 12
_EPOCH_ROOM = 64 - len(MARK) - _HASH_DIGITS


@dataclass(frozen=True, slots=True)
class Placement:
    """Where records belong: the line `key` that ends at `mark`. `why` tells of a line that begins with them."""

    key: JournalKey
    mark: Watermark
    records: tuple[EventRecord, ...]
    why: str = ""


def place(
    db: Connection, key: JournalKey, mark: Watermark, records: tuple[EventRecord, ...], base_seq: int
) -> Placement | None:
    """The line that the records of a batch continue, or begin; None if their predecessor is not here (yet). `mark`: the epoch's
    own; `base_seq`: see `EventBatch`."""
    first = records[0]
    lines = [(key, mark), *_branches(db, key)]
    while counts := _agreements(db, lines, records):
        line, end, count = max(counts, key=lambda found: found[2])
        if count == len(records):
            return Placement(line, end, records)
        if count == 0:
            why = "parts from the journal held here: two gates with one id (a copied card?), or changed history"
            return _begin(db, key, records, why)
        records = records[count:]  # where one line ends its agreement, another may go on
    if base_seq == first.seq - 1:  # the gate has nothing earlier: waiting for it would be for ever
        why = f"follows a gap: events {mark.seq + 1} to {first.seq - 1} are neither here nor at the gate any more"
        return _begin(db, key, records, why)
    return None


def agreement(records: Sequence[EventRecord], end: Watermark, held: Mapping[int, str]) -> int | None:
    """How many leading records a line holds alike or can append; None if they do not come from it. Pure.

    `held`: seq -> hash of the line, from before the first record on; `end`: its last.
    """
    if held.get(records[0].seq - 1) != records[0].prev_hash:
        return None
    for count, record in enumerate(records):
        if record.seq <= end.seq and held.get(record.seq) != record.hash:
            return count
    return len(records)


def origin(epoch: str) -> str:
    """The epoch that a branch comes from; '' if this is no branch."""
    return epoch.partition(MARK)[0] if MARK in epoch else ""


def base(db: Connection, key: JournalKey) -> tuple[int, str]:
    """(seq, hash) before the first record of a line."""
    row = db.execute(
        select(t.events.c.seq, t.events.c.prev_hash)
        .where(t.events.c.gate_id == key.gate_id, t.events.c.epoch == key.epoch)
        .order_by(t.events.c.seq)
        .limit(1)
    ).first()
    return (row.seq - 1, row.prev_hash) if row and MARK in key.epoch else (0, GENESIS)


def parting(db: Connection, key: JournalKey) -> str:
    """What is wrong with a branch though its own chain is whole; "" of any other journal."""
    if not (epoch := origin(key.epoch)):
        return ""
    trunk = key.gate_id, epoch
    begin, end = base(db, key)[0], watermarks(db, {trunk}).get(trunk, Watermark()).seq
    if begin > end:
        return f"whole, but events {end + 1} to {begin} of {epoch} are missing: HQ was restored from an older backup"
    return (
        f"whole, but parts from {epoch} after event {begin}: two gates with one id (a copied card?), or changed history"
    )


def _agreements(
    db: Connection, lines: Sequence[tuple[JournalKey, Watermark]], records: Sequence[EventRecord]
) -> list[tuple[JournalKey, Watermark, int]]:
    """Each line that the records come from, and how far it agrees with them."""
    near = [(line, end) for line, end in lines if end.seq >= records[0].seq - 1]
    found = [(line, end, agreement(records, end, _around(db, line, end, records))) for line, end in near]
    return [(line, end, count) for line, end, count in found if count is not None]


def _begin(db: Connection, key: JournalKey, records: tuple[EventRecord, ...], why: str) -> Placement:
    first = records[0]
    name = f"{key.epoch[:_EPOCH_ROOM]}{MARK}{first.hash[:_HASH_DIGITS]}"
    branch = JournalKey(key.site_id, key.gate_id, name, written_as=key.epoch)
    return Placement(branch, Watermark(first.seq - 1, first.prev_hash), records, why)


def _branches(db: Connection, key: JournalKey) -> list[tuple[JournalKey, Watermark]]:
    rows = db.execute(
        select(t.watermarks.c.epoch, t.watermarks.c.seq, t.watermarks.c.hash).where(
            t.watermarks.c.gate_id == key.gate_id,
            t.watermarks.c.epoch.startswith(key.epoch[:_EPOCH_ROOM] + MARK, autoescape=True),
        )
    )
    return [
        (JournalKey(key.site_id, key.gate_id, row.epoch, written_as=key.epoch), Watermark(row.seq, row.hash))
        for row in rows
    ]


def _around(db: Connection, key: JournalKey, end: Watermark, records: Sequence[EventRecord]) -> dict[int, str]:
    """seq -> hash of a line around some records, and what it begins and ends with."""
    return {
        **hashes(db, key, records[0].seq - 1, min(records[-1].seq, end.seq)),
        **dict([base(db, key)]),
        end.seq: end.hash,
    }
