"""The journal, read only: for sync, screen and the command line."""

import sqlite3
from collections.abc import Iterable
from typing import Any

from contract.chain import GENESIS
from contract.codec import BadMessage, decode_event
from contract.messages import AnyEvent, EventRecord
from edge.core.domain import LiveState
from edge.storage import erasure, sqlite_file


class JournalReader(sqlite_file.DatabaseReader):
    """The journal as sync, screen and the command line see it. See `edge.core.ports.JournalReader`."""

    @property
    def epoch(self) -> str:
        """The epoch's name, '' while there is no journal."""
        return str(self._one("SELECT epoch FROM journal") or "")

    def head(self) -> int:
        rows = self._rows("SELECT coalesce(max(seq), (SELECT base_seq FROM journal), 0) FROM events")
        return int(rows[0][0]) if rows else 0

    def base(self) -> tuple[int, str]:
        """(seq, hash) before the oldest record still kept: (0, GENESIS) if nothing was pruned."""
        row = self._rows("SELECT base_seq, base_hash FROM journal")
        return (int(row[0][0]), str(row[0][1])) if row else (0, GENESIS)

    def records(self, after: int, limit: int) -> list[EventRecord]:
        columns = f"{self._column('erased')}, {self._column('signature')}"
        rows = self._rows(
            f"SELECT seq, prev_hash, hash, body, {columns} FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, limit),
        )
        return [EventRecord(seq=s, prev_hash=p, hash=h, body=b, erased=e, signature=g) for s, p, h, b, e, g in rows]

    @property
    def signed(self) -> bool:
        """Whether the gate process signs this journal: one of before version 1.3 does not."""
        return self._column("signature") != "NULL"

    def sealed(self) -> int:
        """How many enrolments here still hold what was sealed in them."""
        db = self.db()
        try:
            return erasure.count(db) if db is not None else 0
        except sqlite3.DatabaseError as error:
            self.gave_up(error)
            return 0

    def seen(self, ref: str) -> bool:
        """True if an event with this `ref` was ever appended."""
        return bool(self._rows("SELECT 1 FROM refs WHERE ref = ?", (ref,)))

    def latest(self, limit: int) -> list[AnyEvent]:
        return decoded(self._rows("SELECT body FROM events ORDER BY seq DESC LIMIT ?", (limit,)))

    def live(self) -> LiveState | None:
        state = self._one("SELECT state FROM live WHERE id = 1")
        return LiveState.model_validate_json(str(state)) if state else None

    def _column(self, name: str) -> str:
        """The column of that name, or what stands for it in a file of an earlier version."""
        return name if self._rows("SELECT 1 FROM pragma_table_info('events') WHERE name = ?", (name,)) else "NULL"

    def _one(self, sql: str) -> object:
        rows = self._rows(sql)
        return rows[0][0] if rows else None

    def _rows(self, sql: str, values: tuple[object, ...] = ()) -> list[Any]:
        db = self.db()
        if db is None:
            return []
        try:
            return db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:  # also while its writer creates or replaces it: nothing to read yet
            self.gave_up(error)
            return []


def decoded(rows: Iterable[tuple[str]]) -> list[AnyEvent]:
    """The events that this version knows; one of a newer version stays in the chain and is not shown."""
    events = []
    for (body,) in rows:
        try:
            events.append(decode_event(body))
        except BadMessage:
            continue
    return events
