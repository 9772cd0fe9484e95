"""Read events for one reader: journal by journal, up to HQ's watermark, each of them exactly once.

A page and its cursor depend only on the cursor before and on HQ's database. A reader stores both in one transaction of
its own. So it misses nothing and takes nothing twice, also if it ends between reading and storing.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from common.ids import checked
from contract.chain import GENESIS
from hq.database.clock import now
from hq.database.event_changes import changes_after
from hq.database.events import chain_base
from hq.database.feed import events_in, journal_heads
from hq.database.feed_readers import feed_reader, note_reader
from hq.database.journal_starts import JournalStart, journal_starts
from hq.database.store import Store
from hq.database.values import BRANCH_MARK, Journal, JournalKey
from hq.feed.cursor import FeedCursor, read_cursor, write_cursor
from hq.feed.entries import FeedEntry, FeedLag, FeedPage
from hq.feed.pages import EventChange, JournalHead, JournalWork, deliver, has_all, plan

LIMIT = 1_000
LIMIT_MAX = 10_000
NOTE_EVERY = timedelta(minutes=1)
"""A reader's cursor is noted at most so often: it only limits what is removed by age."""
_CHANGES_AT_ONCE = 200


class Feed:
    """HQ's events for other programs."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, cursor: str = "", limit: int = LIMIT, reader: str = "") -> FeedPage:
        """Return what follows a cursor: at most `limit` entries, and the cursor after them.

        `reader`: the name of a reader that HQ waits for. It removes no event that this reader has not stored.

        Raises:
            BadCursor, NoId: also for a name that is no id.
        """
        state = read_cursor(cursor)
        if reader:
            self._note(checked("reader", reader), cursor)
        with self._store.snapshot() as db:
            return _page(db, state, max(1, min(limit, LIMIT_MAX)))

    def _note(self, reader: str, cursor: str) -> None:
        """Note what a reader has stored, at most once in a while."""
        with self._store.read() as db:
            held = feed_reader(db, reader)
        if held is None or (held.cursor != cursor and now() - held.read_utc >= NOTE_EVERY):
            with self._store.write(f"feed reader {reader}") as db:
                note_reader(db, reader, cursor, now())


def _page(db: Connection, state: FeedCursor, limit: int) -> FeedPage:
    rows, starts = journal_heads(db), journal_starts(db)
    waiting = _in_turn([row for row in rows if not _read_up(row, state)], state.after)
    works, room = [], limit
    for row in waiting:
        if room <= 0:
            break
        works.append(_work(db, row, starts.get((row.gate_id, row.epoch)), state, room))
        room -= max(works[-1].size, 1)
    found = events_in(db, [one for work in works for one in work.ranges])
    entries: list[FeedEntry] = []
    for work in works:
        head = work.head
        made, position = deliver(work, {row.seq: row for row in found.get(head.journal, ())})
        entries += made
        state.positions[head.journal], state.after = position, head.journal
    return FeedPage(
        entries=tuple(entries),
        cursor=write_cursor(state),
        more=any(not _read_up(row, state) for row in waiting),
        behind=_behind(rows, state),
    )


def _work(db: Connection, row: Row[Any], start: JournalStart | None, state: FeedCursor, room: int) -> JournalWork:
    journal: Journal = (row.gate_id, row.epoch)
    branch = JournalKey(row.site_id, *journal)
    base = chain_base(db, branch) if BRANCH_MARK in row.epoch else (0, GENESIS)
    removed = (start.seq, start.hash) if start else None
    head = JournalHead(journal, row.site_id, row.seq, row.hash, row.changes, row.change_token, base, removed)
    position = state.positions.get(journal) or head.beginning
    noted = changes_after(db, journal, position.change, _CHANGES_AT_ONCE) if position.change < row.changes else ()
    return plan(head, position, [EventChange(c.change, c.token, c.first_seq, c.last_seq, c.why) for c in noted], room)


def _read_up(row: Row[Any], state: FeedCursor) -> bool:
    """Tell whether there is nothing to read of a journal: the reader has all, or more than HQ."""
    held = state.positions.get((row.gate_id, row.epoch))
    if held is None:
        return False
    return held.seq > row.seq or has_all(held, row.seq, row.hash, row.changes, row.change_token)


def _in_turn(rows: Sequence[Row[Any]], after: Journal | None) -> list[Row[Any]]:
    """Sort journals so that those after the one read last come first: a busy gate holds up no other."""
    return sorted(
        rows, key=lambda row: (after is not None and (row.gate_id, row.epoch) <= after, row.gate_id, row.epoch)
    )


def _behind(rows: Sequence[Row[Any]], state: FeedCursor) -> tuple[FeedLag, ...]:
    """List the journals of which HQ holds less than the reader."""
    ends = {(row.gate_id, row.epoch): row.seq for row in rows}
    return tuple(
        FeedLag(gate_id=gate, line=line, reader_seq=held.seq, hq_seq=ends.get((gate, line), 0))
        for (gate, line), held in state.positions.items()
        if held.seq > ends.get((gate, line), 0)
    )
