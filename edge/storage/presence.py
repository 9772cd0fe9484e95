"""Who is inside, by this gate's own journal: read once at the start, then only what is new.

Passages at other gates are not in it. What lies further back than `FORGETS` is not remembered, nor what was pruned.
"""

import sqlite3
from collections import deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contract.messages import Direction, PassageOutcome
from edge.core.domain import LastPassage
from edge.core.ports import Clock
from edge.storage import sqlite_file

FORGETS = timedelta(days=7)
"""The longest that a policy may remember a passage."""

_NEW = """
SELECT seq, utc, json_extract(body, '$.outcome'), json_extract(body, '$.direction'), json_extract(body, '$.worker_id')
FROM events WHERE seq > ? AND +utc >= ? AND json_extract(body, '$.type') = 'passage' ORDER BY seq
"""
FIRST = "SELECT min(+seq) FROM events WHERE utc >= ?"
"""By the index of times: for min(seq) SQLite would read the table from its beginning."""


class JournalPresence:
    """The port `edge.core.ports.Presence`. Everybody who got through counts, released or not: the direction of a passage is the
    way somebody went, and without a worker's name it is somebody unknown."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._reader, self._clock = sqlite_file.DatabaseReader(path), clock
        self._epoch, self._seq = "", 0
        self._last: dict[str, LastPassage] = {}
        self._unnamed: deque[LastPassage] = deque()
        self._follow()  # a week's journal takes a moment: now, and not before the first worker

    def inside(self, since: datetime) -> int:
        """See `edge.core.ports.Presence`. Somebody unnamed who leaves is somebody unnamed who came, if there is one."""
        self._follow()
        named = sum(last.direction is Direction.IN and last.utc >= since for last in self._last.values())
        unnamed = 0
        for passage in self._unnamed:
            if passage.utc >= since:
                unnamed = max(0, unnamed + (1 if passage.direction is Direction.IN else -1))
        return named + unnamed

    def last_passage(self, worker_id: str) -> LastPassage | None:
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
            epoch, head = db.execute("SELECT epoch, (SELECT max(seq) FROM events) FROM journal").fetchone()
            if epoch != self._epoch:  # another file: its numbers begin anew, the people stay where they are
                self._epoch, self._seq = epoch, _before(db, oldest)
            rows = db.execute(_NEW, (self._seq, oldest.timestamp())).fetchall()
        except sqlite3.DatabaseError as error:  # also while its writer creates or replaces it
            self._reader.gave_up(error)
            return
        for seq, utc, outcome, direction, worker_id in rows:
            if seq <= (head or 0):
                self._take(outcome, worker_id, LastPassage(Direction(direction), datetime.fromtimestamp(utc, UTC)))
        self._seq = max(self._seq, head or 0)
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


def _before(db: sqlite3.Connection, oldest: datetime) -> int:
    """The number before the first event since `oldest`, by the index of times: older events are not read at all."""
    (first,) = db.execute(FIRST, (oldest.timestamp(),)).fetchone()
    return int(first) - 1 if first is not None else 0
