"""Who passed last at one site, and what changed since the last whole list. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contract.messages import Direction, JournalEnd, LastPassages, PresenceDelta, PresenceSnapshot

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage, and which record says so. `utc`: by corrected time, never after it arrived."""

    direction: Direction
    utc: datetime
    gate_id: str
    epoch: str
    seq: int

    @property
    def record(self) -> tuple[str, str, int]:
        return self.gate_id, self.epoch, self.seq


@dataclass(slots=True)
class SitePassages:
    """The last passages of one site. A passage that comes again, or late, changes nothing."""

    named: dict[str, Passage] = field(default_factory=dict)
    unnamed: dict[tuple[str, str, int], Passage] = field(default_factory=dict)
    ends: dict[tuple[str, str], JournalEnd] = field(default_factory=dict)
    changed_workers: set[str] = field(default_factory=set)
    """Since the last whole list."""
    changed_ends: set[tuple[str, str]] = field(default_factory=set)
    unnamed_changed: bool = False

    def replaces(self, worker_id: str, passage: Passage) -> bool | None:
        """Tell whether a passage is this worker's last one. None: its time was corrected backwards; look them all up.

        Of two at one moment the later record counts.
        """
        held = self.named.get(worker_id)
        if held is not None and held.record == passage.record and passage.utc < held.utc:
            return None
        return held is None or (passage.utc, passage.seq) > (held.utc, held.seq)

    def set(self, worker_id: str, passage: Passage) -> None:
        """Note a worker's last passage."""
        self.named[worker_id] = passage
        self.changed_workers.add(worker_id)

    def add_unnamed(self, passage: Passage) -> None:
        """Note a passage of an unknown person."""
        self.unnamed_changed |= self.unnamed.get(passage.record) != passage
        self.unnamed[passage.record] = passage

    def set_end(self, gate_id: str, epoch: str, named_as: str, seq: int, digest: str) -> None:
        """Note how far a journal is in the list. `named_as`: the epoch's name at the gate, of a branch too."""
        self.ends[gate_id, epoch] = JournalEnd(gate_id=gate_id, epoch=named_as, seq=seq, hash=digest)
        self.changed_ends.add((gate_id, epoch))

    def forget(self, before: datetime) -> None:
        """Forget passages from before a time."""
        self.named = {who: passage for who, passage in self.named.items() if passage.utc >= before}
        self.unnamed = {record: passage for record, passage in self.unnamed.items() if passage.utc >= before}

    def unnamed_inside(self, since: datetime) -> int:
        """Count the unknown people inside. One who leaves is one who came, if there is one."""
        count = 0
        for passage in sorted(self.unnamed.values(), key=lambda passage: (passage.utc, passage.seq)):
            if passage.utc >= since:
                count = max(0, count + (1 if passage.direction is Direction.IN else -1))
        return count

    def whole(self, site_id: str, issued: datetime, version: int, since: datetime) -> PresenceSnapshot:
        """Make the whole list. What changes from now on is changed since this one."""
        self.changed_workers.clear()
        self.changed_ends.clear()
        rows = {who: passage for who, passage in self.named.items() if passage.utc >= since}
        inside, outside, gates = _columns(rows, issued)
        return PresenceSnapshot(
            site_id=site_id,
            list_version=version,
            issued_utc=issued,
            inside=inside,
            outside=outside,
            unnamed=self.unnamed_inside(since),
            gates=gates,
            ends=tuple(self.ends.values()),
        )

    def changes(self, site_id: str, issued: datetime, version: int, since: datetime) -> PresenceDelta:
        """Make the changes since the whole list."""
        rows = {who: self.named[who] for who in self.changed_workers if who in self.named}
        inside, outside, gates = _columns({who: p for who, p in rows.items() if p.utc >= since}, issued)
        return PresenceDelta(
            site_id=site_id,
            list_version=version,
            issued_utc=issued,
            inside=inside,
            outside=outside,
            unnamed=self.unnamed_inside(since),
            gates=gates,
            ends=tuple(self.ends[journal] for journal in sorted(self.changed_ends)),
        )


def _columns(rows: dict[str, Passage], issued: datetime) -> tuple[LastPassages, LastPassages, tuple[str, ...]]:
    gates = sorted({passage.gate_id for passage in rows.values()})
    number = {gate_id: place for place, gate_id in enumerate(gates)}

    def column(direction: Direction) -> LastPassages:
        found = sorted(who for who, passage in rows.items() if passage.direction is direction)
        return LastPassages(
            workers=tuple(found),
            ago_ms=tuple(_ago(rows[who], issued) for who in found),
            by=tuple(number[rows[who].gate_id] for who in found),
        )

    return column(Direction.IN), column(Direction.OUT), tuple(gates)


def _ago(passage: Passage, issued: datetime) -> int:
    return max(0, (issued - passage.utc) // _MS)


def last_of(passages: Iterable[Passage]) -> Passage | None:
    """Return the last of several passages of one worker."""
    return max(passages, key=lambda passage: (passage.utc, passage.seq), default=None)
