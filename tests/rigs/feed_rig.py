"""Journals that are written into HQ's database directly, and a reader of the feed."""

import json
from dataclasses import dataclass, field

from sqlalchemy import select

from contract.chain import GENESIS, link
from contract.messages import EventRecord
from hq.database import tables as t
from hq.database.clock import now
from hq.database.event_changes import ChangeReason, note_changes
from hq.database.events import add_events, replace_body
from hq.database.journals import set_watermarks
from hq.database.store import Store
from hq.database.values import EventRow, JournalKey, Watermark
from hq.feed import Feed, FeedEntry, FeedKind

Row = tuple[str, str, int]


@dataclass
class Line:
    """A journal as some gate wrote it, and how much of it HQ stored."""

    key: JournalKey
    base: tuple[int, str] = (0, GENESIS)
    records: list[EventRecord] = field(default_factory=list)
    stored: int = 0

    def write(self, count: int, what: str = "") -> None:
        for _ in range(count):
            seq = self.base[0] + len(self.records) + 1
            before = self.records[-1].hash if self.records else self.base[1]
            body = json.dumps({"what": what, "line": self.key.epoch, "seq": seq})
            self.records.append(EventRecord(seq=seq, prev_hash=before, hash=link(before, body), body=body))

    def store(self, store: Store, count: int) -> None:
        """One transaction of ingest."""
        fresh = self.records[self.stored : self.stored + count]
        if fresh:
            with store.write() as db:
                add_events(db, [_row(self.key, record) for record in fresh])
                end = Watermark(fresh[-1].seq, fresh[-1].hash)
                set_watermarks(db, {self.key.journal: (self.key.site_id, end)}, now())
            self.stored += len(fresh)

    def change(self, store: Store, first: int, last: int) -> None:
        """HQ reads, corrects or erases what it stored."""
        numbers = [r.seq for r in self.records[: self.stored][first : last + 1]]
        with store.write() as db:
            note_changes(db, self.key, numbers, ChangeReason.TIME)
            for seq in numbers:
                replace_body(db, self.key, seq, f'{{"changed":{seq},"at":"{now().isoformat()}"}}')


def stored_line(store: Store, count: int) -> Line:
    """Return a journal of gate-1 on site-1 of which HQ stored so many records."""
    line = Line(JournalKey("site-1", "gate-1", "epoch-1"))
    line.write(count)
    line.store(store, count)
    return line


class Reader:
    """Another program: what it read and its cursor change together, or not at all."""

    def __init__(self) -> None:
        self.table: dict[Row, str] = {}
        self.cursor, self.restarts = "", 0
        self.missing: list[tuple[int, int]] = []

    def read(self, feed: Feed, limit: int, *, crash: bool = False) -> bool:
        page = feed.read(self.cursor, limit)
        assert len(page.entries) <= limit
        if crash:
            return True
        for entry in page.entries:
            self._store(entry)
        self.cursor = page.cursor
        return page.more

    def read_all(self, feed: Feed, limit: int = 7) -> None:
        for _ in range(10_000):
            if not self.read(feed, limit):
                return
        raise AssertionError("the feed never ends")

    def _store(self, entry: FeedEntry) -> None:
        row = (entry.gate_id, entry.line, entry.seq)
        match entry.kind:
            case FeedKind.EVENT:
                assert row not in self.table, "twice"
                self.table[row] = entry.body
            case FeedKind.CHANGED:
                assert row in self.table, "changed before it was read"
                self.table[row] = entry.body
            case FeedKind.RESTART:
                self.restarts += 1
                self.table = {r: body for r, body in self.table.items() if r[:2] != row[:2]}
            case FeedKind.MISSING:
                self.missing.append((entry.seq, entry.last_seq))


def _row(key: JournalKey, record: EventRecord) -> EventRow:
    return EventRow(
        *(key.site_id, key.gate_id, key.epoch, record.seq, "notice", "", None, None),
        *(record.body, record.prev_hash, record.hash, now()),
    )


def held(store: Store) -> dict[Row, str]:
    columns = t.events.c
    with store.read() as db:
        rows = db.execute(select(columns.gate_id, columns.epoch, columns.seq, columns.body))
        return {(row.gate_id, row.epoch, row.seq): row.body for row in rows}


def line(gate: int, epoch: str = "e") -> Line:
    return Line(JournalKey("s", f"g{gate}", epoch))
