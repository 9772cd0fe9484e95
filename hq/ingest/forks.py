"""Find the line of a journal that a batch continues. Pure.

A journal is one chain. But a card may be cloned, an old image restored or a journal rewritten: then two continuations
of one chain arrive. An HQ restored from a backup may receive only what follows a gap: the gate has already removed the
rest. HQ refuses and mixes none of that. What came first keeps the name of the epoch. Every other line is held beside it
as a *branch* named EPOCH~HASH after its first record. No gate can use such a name: "~" may not stand in an id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from contract.chain import GENESIS
from contract.messages import EventRecord
from hq.database.values import BRANCH_MARK, JournalKey, Watermark

_HASH_DIGITS = 12
_EPOCH_ROOM = 64 - len(BRANCH_MARK) - _HASH_DIGITS
PARTS = "parts from the journal held here: two gates with one id (a copied card?), or changed history"


@dataclass
class JournalLine:
    """One line of a journal: the epoch itself, or a branch. `base`: number and hash before its first record.

    `hashes`: number -> hash of its records, at least of those that are to be compared. `removed`: up to this number its
    records were removed by age. They are known, and can be compared no more.
    """

    key: JournalKey
    end: Watermark = field(default_factory=Watermark)
    base: tuple[int, str] = (0, GENESIS)
    hashes: dict[int, str] = field(default_factory=dict)
    removed: int = 0

    def hash_at(self, seq: int) -> str | None:
        """Return the hash of a record, or of the base; None if it is not known."""
        if seq == self.end.seq:
            return self.end.hash
        return self.base[1] if seq == self.base[0] else self.hashes.get(seq)

    def differs(self, record: EventRecord) -> bool:
        """Tell whether the line holds another record under this number. False where that cannot be known any more."""
        return record.seq >= self.removed and self.hash_at(record.seq) != record.hash

    def append(self, record: EventRecord) -> None:
        """Continue the line with a record."""
        self.hashes[record.seq] = record.hash
        self.end = Watermark(record.seq, record.hash)


@dataclass(frozen=True, slots=True)
class Placement:
    """The records, without those that another line holds, and the line they belong to. `why`: of a new branch."""

    line: JournalLine
    records: tuple[EventRecord, ...]
    why: str = ""


def place(
    key: JournalKey, lines: Sequence[JournalLine], records: tuple[EventRecord, ...], base_seq: int
) -> Placement | None:
    """Find the line that the records of a batch continue, or begin a branch. None if their predecessor is not here
    (yet).

    `lines`: all of the journal, the epoch's own first. `base_seq`: see `EventBatch`.
    """
    first = records[0]
    while counts := list(_agreements(lines, records)):
        line, count = max(counts, key=lambda found: found[1])
        if count == len(records):
            return Placement(line, records)
        if count == 0:
            return Placement(_branch(key, records[0]), records, PARTS)
        records = records[count:]  # where one line ends its agreement, another may continue
    if base_seq == first.seq - 1:  # the gate has nothing earlier: waiting for it would never end
        gap = f"events {lines[0].end.seq + 1} to {first.seq - 1} are neither here nor at the gate any more"
        return Placement(_branch(key, records[0]), records, f"follows a gap: {gap}")
    return None


def agreement(records: Sequence[EventRecord], line: JournalLine) -> int | None:
    """Count the leading records that a line holds alike or can append; None if they do not follow from it."""
    before = records[0].seq - 1
    if before >= line.removed and line.hash_at(before) != records[0].prev_hash:
        return None
    for count, record in enumerate(records):
        if record.seq <= line.end.seq and line.differs(record):
            return count
    return len(records)


def branch_prefix(epoch: str) -> str:
    """Return how the names of all branches of an epoch begin."""
    return epoch[:_EPOCH_ROOM] + BRANCH_MARK


def compared_numbers(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Merge ranges of numbers that overlap or meet."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _agreements(lines: Sequence[JournalLine], records: Sequence[EventRecord]) -> Iterable[tuple[JournalLine, int]]:
    """Find each line that the records follow from, and how far it agrees with them."""
    for line in lines:
        if line.end.seq >= records[0].seq - 1 and (count := agreement(records, line)) is not None:
            yield line, count


def _branch(key: JournalKey, first: EventRecord) -> JournalLine:
    """Begin a branch before its first record."""
    name = f"{branch_prefix(key.epoch)}{first.hash[:_HASH_DIGITS]}"
    before = Watermark(first.seq - 1, first.prev_hash)
    branch = JournalKey(key.site_id, key.gate_id, name, written_as=key.epoch)
    return JournalLine(branch, before, (before.seq, before.hash))
