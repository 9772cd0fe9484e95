"""Decide what a page holds of one journal. Pure: the caller reads the rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hq.database.feed import EventRange
from hq.database.values import Journal
from hq.feed.cursor import HASH_DIGITS, Again, Position
from hq.feed.entries import FeedEntry, FeedKind

REMOVED = "age"
"""HQ removed them by age."""
RESTORED = "restored"
"""HQ's database was restored: changes that the reader knows are no longer known here, or are others."""


@dataclass(frozen=True, slots=True)
class JournalHead:
    """Where a journal ends at HQ. `base`: number and hash before its first event. `removed`: of the last one that HQ
    removed by age."""

    journal: Journal
    site_id: str
    seq: int
    hash: str
    changes: int
    token: str
    base: tuple[int, str]
    removed: tuple[int, str] | None = None

    @property
    def beginning(self) -> Position:
        """The position of a reader who has nothing of it. What it reads is changed already."""
        return Position(self.base[0], self.base[1][:HASH_DIGITS], self.changes, self.token)


@dataclass(frozen=True, slots=True)
class EventChange:
    """A row of the changes: which events, and why."""

    change: int
    token: str
    first: int
    last: int
    why: str


@dataclass(slots=True)
class JournalWork:
    """What is read of one journal for one page. `position`: the reader's, changes included, before new events.

    `repeated`: first and last number, and why. `fresh`: first and last number of new events. `removed`: of events that
    HQ removed before this reader had them.
    """

    head: JournalHead
    position: Position
    repeated: list[tuple[int, int, str]] = field(default_factory=list)
    fresh: tuple[int, int] | None = None
    removed: tuple[int, int] | None = None

    @property
    def size(self) -> int:
        fresh = self.fresh[1] - self.fresh[0] + 1 if self.fresh else 0
        return bool(self.removed) + fresh + sum(last - first + 1 for first, last, _ in self.repeated)

    @property
    def ranges(self) -> list[EventRange]:
        found = [(first, last) for first, last, _ in self.repeated]
        if self.fresh:  # and the last one that the reader has: is it the same here?
            found.append((self.fresh[0] - 1, self.fresh[1]))
        return [(self.head.journal, first, last) for first, last in found]


def has_all(position: Position, seq: int, digest: str, changes: int, token: str) -> bool:
    """Tell whether a reader has everything of a journal."""
    same = (position.seq, position.change, position.token) == (seq, changes, token)
    return same and position.again is None and digest.startswith(position.hash)


def plan(head: JournalHead, position: Position, changes: Sequence[EventChange], room: int) -> JournalWork:
    """Plan what a page holds of a journal. `changes`: from the one that the reader knows, in order, some of them."""
    work = JournalWork(head, position)
    _repeat(work, room)
    if work.position.again is None and not _knows(head, work.position, changes):
        again = Again(head.base[0], work.position.seq, RESTORED)
        work.position = replace(work.position, change=head.changes, token=head.token, again=again)
        _repeat(work, room - work.size)
    for noted in changes:
        if work.position.again is not None or noted.change <= work.position.change:
            continue
        again = Again(noted.first - 1, min(noted.last, work.position.seq), noted.why)
        work.position = replace(work.position, change=noted.change, token=noted.token, again=again)
        _repeat(work, room - work.size)
    if work.position.again is not None or work.position.change != head.changes or work.size >= room:
        return work
    if head.removed is not None and work.position.seq < head.removed[0]:
        work.removed = work.position.seq + 1, head.removed[0]
        work.position = replace(work.position, seq=head.removed[0], hash=head.removed[1][:HASH_DIGITS])
    left, start = room - work.size, work.position.seq
    if left > 0 and start < head.seq:
        work.fresh = start + 1, min(head.seq, start + left)
    return work


def deliver(work: JournalWork, rows: Mapping[int, Any]) -> tuple[list[FeedEntry], Position]:
    """Make the entries of a journal, and the position after them. `rows`: number -> row of the events."""
    head, position = work.head, work.position
    if _parted(work, rows):
        return [_entry(head, FeedKind.RESTART)], head.beginning
    entries = [
        _event(rows[seq], FeedKind.CHANGED, why)
        for first, last, why in work.repeated
        for seq in range(first, last + 1)
        if seq in rows
    ]
    if work.removed is not None:
        first, last = work.removed
        entries.append(_entry(head, FeedKind.MISSING, seq=first, last_seq=last, why=REMOVED))
    if work.fresh is None:
        return entries, position
    first, last = work.fresh
    missing = 0
    for seq in range(first, last + 1):
        if seq in rows:
            entries.append(_event(rows[seq], FeedKind.EVENT))
            missing = 0
        elif missing:
            entries[-1] = replace(entries[-1], last_seq=seq)
        else:
            missing = seq
            entries.append(_entry(head, FeedKind.MISSING, seq=seq, last_seq=seq))
    end = rows[last].hash if last in rows else head.hash if last == head.seq else ""
    return entries, replace(position, seq=last, hash=end[:HASH_DIGITS])


def _repeat(work: JournalWork, room: int) -> None:
    """Add a piece of what is reported again, as far as there is room."""
    again = work.position.again
    if again is None:
        return
    end = min(again.last, again.done + max(room, 0))
    if end > again.done:
        work.repeated.append((again.done + 1, end, again.why))
    left = replace(again, done=end) if end < again.last else None
    work.position = replace(work.position, again=left)


def _knows(head: JournalHead, position: Position, changes: Sequence[EventChange]) -> bool:
    """Tell whether the last change that the reader knows is one of this database."""
    if position.change == head.changes:
        return position.token == head.token
    if position.change > head.changes:
        return False
    if position.change == 0:
        return True
    return bool(changes) and (changes[0].change, changes[0].token) == (position.change, position.token)


def _parted(work: JournalWork, rows: Mapping[int, Any]) -> bool:
    """Tell whether HQ's line is not the one that the reader has read so far."""
    known, head = work.position.hash, work.head
    if work.fresh is None:
        return work.position.seq == head.seq and not head.hash.startswith(known)
    row = rows.get(work.position.seq)  # not the next one's `prev_hash`: HQ keeps events that do not follow
    return row is not None and not row.hash.startswith(known)


def _entry(head: JournalHead, kind: FeedKind, **values: Any) -> FeedEntry:
    gate_id, line = head.journal
    return FeedEntry(kind=kind, site_id=head.site_id, gate_id=gate_id, line=line, **values)


def _event(row: Any, kind: FeedKind, why: str = "") -> FeedEntry:
    """Make the entry of a row."""
    return FeedEntry(
        kind=kind,
        site_id=row.site_id,
        gate_id=row.gate_id,
        line=row.epoch,
        seq=row.seq,
        type=row.type,
        reason=row.reason,
        worker_id=row.worker_id,
        utc=row.utc,
        corrected_utc=row.corrected_utc,
        received_utc=row.received_utc,
        body=row.body,
        prev_hash=row.prev_hash,
        hash=row.hash,
        why=why,
        last_seq=row.seq,
    )
