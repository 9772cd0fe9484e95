"""Who is inside, by this gate's own journal: read once at the start, then only the new events.

Passages at other gates are not in it. Passages older than `FORGETS`, and removed ones, are not remembered.
"""

import sqlite3
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contract.messages import Direction, PassageOutcome
from edge.core.domain import LastPassage
from edge.core.ports import Clock
from edge.storage import journal_events, journal_tables
from edge.storage.database_reader import DatabaseReader

FORGETS = timedelta(days=7)
"""The longest time that a policy may remember a passage."""


class JournalPresence:
    """The port `edge.core.ports.Presence`.

    Every person who got through counts, released or not. The direction of a passage is the way the person went. Without
    a worker's name the person is unknown.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._reader, self._clock = DatabaseReader(path), clock
        self._epoch, self._seq = "", 0
        self._last: dict[str, LastPassage] = {}
        self._unnamed: deque[LastPassage] = deque()
        self._follow()  # a week's journal takes a moment: read it now, not before the first worker

    def inside(self, since: datetime) -> int:
        """See `edge.core.ports.Presence`. An unknown person who leaves is one who came, if there is one."""
        self._follow()
        named = sum(last.direction is Direction.IN and last.utc >= since for last in self._last.values())
        unnamed = 0
        for passage in self._unnamed:
            if passage.utc >= since:
                unnamed = max(0, unnamed + (1 if passage.direction is Direction.IN else -1))
        return named + unnamed

    def last_passage(self, worker_id: str) -> LastPassage | None:
        """See `edge.core.ports.Presence`."""
        self._follow()
        return self._last.get(worker_id)

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
                self._take(found.outcome, found.worker_id, passage)
        self._seq = max(self._seq, head)
        self._forget(oldest)

    def _take(self, outcome: str, worker_id: str | None, passage: LastPassage) -> None:
        if outcome == PassageOutcome.NOT_TAKEN:
            return
        if worker_id is None:
            self._unnamed.append(passage)
        else:
            self._last[worker_id] = passage

    def _forget(self, oldest: datetime) -> None:
        while self._unnamed and self._unnamed[0].utc < oldest:
            self._unnamed.popleft()
        if len(self._last) > 1000:
            self._last = {name: last for name, last in self._last.items() if last.utc >= oldest}
