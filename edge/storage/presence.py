"""Who is inside, by this gate's own journal: read once at the start, then only the new events.

Passages at other gates are not in it. Passages older than `FORGETS`, and removed ones, are not remembered.
"""

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contract.messages import Direction, PassageOutcome
from edge.core.domain import LastPassage
from edge.core.ports import Clock
from edge.storage import journal_events, journal_tables
from edge.storage.database_reader import DatabaseReader

FORGETS = timedelta(days=7)
"""The longest time that a policy may remember a passage."""


@dataclass(frozen=True, slots=True)
class OwnPassage:
    """A passage at this gate. `seq` in the journal `epoch`; `worker_id` None: an unknown person."""

    worker_id: str | None
    last: LastPassage
    epoch: str
    seq: int


class JournalPresence:
    """The port `edge.core.ports.Presence`.

    Every person who got through counts, released or not. The direction of a passage is the way the person went. Without
    a worker's name the person is unknown.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._reader, self._clock = DatabaseReader(path), clock
        self._epoch, self._seq = "", 0
        self._last: dict[str, OwnPassage] = {}
        self._unnamed: deque[OwnPassage] = deque()
        self._follow()  # a week's journal takes a moment: read it now, not before the first worker

    def follow(self, max_age_s: float) -> int:
        """See `edge.core.ports.Presence`: this journal is no presence list."""
        return 0

    def inside(self, since: datetime) -> int:
        """See `edge.core.ports.Presence`. An unknown person who leaves is one who came, if there is one."""
        self._follow()
        named = sum(own.last.direction is Direction.IN and own.last.utc >= since for own in self._last.values())
        return named + count_unnamed(0, (own.last for own in self._unnamed if own.last.utc >= since))

    def last_passage(self, worker_id: str) -> LastPassage | None:
        """See `edge.core.ports.Presence`."""
        self._follow()
        found = self._last.get(worker_id)
        return found.last if found else None

    def newer(self, through: Mapping[str, int]) -> Iterator[OwnPassage]:
        """Yield each worker's last passage, and all passages of unknown people, after these. `through`: epoch -> seq.

        Of a journal that is not named there, all are newer.
        """
        self._follow()
        for own in (*self._last.values(), *self._unnamed):
            if own.seq > through.get(own.epoch, 0):
                yield own

    def is_newer(self, worker_id: str, through: Mapping[str, int]) -> bool:
        """Tell whether `newer` has a passage of this worker."""
        self._follow()
        own = self._last.get(worker_id)
        return own is not None and own.seq > through.get(own.epoch, 0)

    def holds(self, epoch: str, seq: int, digest: str) -> bool:
        """Tell whether a record is one of this journal. True also of one that was pruned, and of an earlier journal."""
        self._follow()
        db = self._reader.db()
        if db is None or epoch != self._epoch:
            return True
        try:
            return journal_events.hash_of(db, seq) in (digest, None)
        except sqlite3.DatabaseError as error:
            self._reader.gave_up(error)
            return False

    @property
    def read_to(self) -> tuple[str, int]:
        """Epoch and number of the newest event that was read."""
        return self._epoch, self._seq

    def close(self) -> None:
        self._reader.close()

    def _follow(self) -> None:
        db = self._reader.db()
        if db is None or not self._reader.changed():
            return
        oldest = self._clock.utc() - FORGETS
        try:
            epoch, head = journal_tables.journal(db).epoch, journal_events.newest_seq(db)
            if epoch != self._epoch:  # another file counts from 1 again. The people stay where they are
                self._epoch, self._seq = epoch, journal_events.before(db, oldest)
            passages = journal_events.passages(db, self._seq, oldest)
        except sqlite3.DatabaseError as error:  # also while its writer creates or replaces it
            self._reader.gave_up(error)
            return
        for found in passages:
            if found.seq <= head:
                passage = LastPassage(Direction(found.direction), datetime.fromtimestamp(found.utc, UTC))
                self._take(found.outcome, OwnPassage(found.worker_id, passage, epoch, found.seq))
        self._seq = max(self._seq, head)
        self._forget(oldest)

    def _take(self, outcome: str, own: OwnPassage) -> None:
        if outcome == PassageOutcome.NOT_TAKEN:
            return
        if own.worker_id is None:
            self._unnamed.append(own)
        else:
            self._last[own.worker_id] = own

    def _forget(self, oldest: datetime) -> None:
        while self._unnamed and self._unnamed[0].last.utc < oldest:
            self._unnamed.popleft()
        if len(self._last) > 1000:
            self._last = {name: own for name, own in self._last.items() if own.last.utc >= oldest}


def count_unnamed(already: int, passages: Iterable[LastPassage]) -> int:
    """Count the unknown people inside after these passages. One who leaves is one who came, if there is one."""
    for passage in passages:
        already = max(0, already + (1 if passage.direction is Direction.IN else -1))
    return already
