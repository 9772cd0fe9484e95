"""Follow the passages among the events of all gates, into who passed last at each site.

Each journal is read in its own order, up to where HQ holds it. How far is stored in the same transaction: after a
restart nothing counts twice, and nothing is missing. Resent events are not stored twice, and so not read twice.
A branch of a journal is a journal of its own. An event with a corrected time is read again.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from contract.messages import Direction, PassageOutcome
from hq.database import presence as tables
from hq.database.clock import now
from hq.database.presence import Cursor, PassageEventRow
from hq.database.store import Store
from hq.database.values import origin
from hq.lists.presence_state import Passage, SitePassages, last_of

REMEMBERED = timedelta(days=7)
"""The longest time that a policy may remember a passage."""
AT_ONCE = 1_000
"""Passages that one call reads: a backlog must not hold up the passages of now for long."""
OF_ONE_JOURNAL = 200
"""Of these, of one journal."""
WHOLE_FROM = 1_000
"""A journal that HQ holds up to here is new: it is read from its first event."""


class PresenceProjection:
    """Who passed last, of all sites: in memory, and in the database for the next start."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sites: defaultdict[str, SitePassages] | None = None
        self._forget_from: datetime | None = None

    @property
    def sites(self) -> Mapping[str, SitePassages]:
        """Site -> its passages, as last read."""
        return self._sites or {}

    def follow(self) -> set[str]:
        """Read what is new. Return the sites that changed."""
        with self._store.read() as db:
            if self._sites is None:
                self._sites = _stored(db)
            waiting = tables.unread_journals(db)
        if not waiting:
            return set()
        changed: set[str] = set()
        try:
            with self._store.write("presence") as db:
                left = AT_ONCE
                # Those with the fewest events to read first: a gate with a backlog waits for those that are up to date.
                for cursor in sorted(waiting, key=lambda cursor: cursor.end - (cursor.seq or 0)):
                    if (read := self._read(db, cursor, min(left, OF_ONE_JOURNAL))) > 0:
                        changed.add(cursor.site_id)
                        left -= read
                    if left <= 0:
                        break
                self._forget(db)
        except BaseException:
            self._sites = None  # nothing of it was stored: read again what is
            raise
        return changed

    def _read(self, db: Connection, cursor: Cursor, limit: int) -> int:
        """Read passages of one journal. Return how many."""
        assert self._sites is not None
        site, journal = self._sites[cursor.site_id], (cursor.gate_id, cursor.epoch)
        after = cursor.seq if cursor.seq is not None else _begin(db, cursor)
        rows = tables.passages(db, journal, after, limit)
        named, unnamed = {}, []
        for row in rows:
            passage = _passage(row)
            if passage is None:
                continue
            if row.worker_id is None:
                site.add_unnamed(passage)
                unnamed.append(passage)
            elif (last := self._last(db, site, row, passage)) is not None:
                site.set(row.worker_id, last)
                named[row.worker_id] = last
        through = rows[-1].seq if len(rows) == limit else cursor.end
        newest = (rows[-1].seq, rows[-1].hash) if rows else (cursor.passage_seq, cursor.passage_hash)
        if rows and newest[0] >= cursor.passage_seq:
            site.set_end(*journal, origin(cursor.epoch) or cursor.epoch, *newest)
        else:
            newest = cursor.passage_seq, cursor.passage_hash
        self._save(db, cursor, named, unnamed, through, newest)
        return len(rows)

    def _last(self, db: Connection, site: SitePassages, row: PassageEventRow, passage: Passage) -> Passage | None:
        """Return the worker's last passage, if it is another than before."""
        assert row.worker_id is not None
        replaces = site.replaces(row.worker_id, passage)
        if replaces is None:
            all_of_it = (_passage(found) for found in tables.passages_of(db, row.site_id, row.worker_id))
            return last_of([passage, *(found for found in all_of_it if found is not None)])
        return passage if replaces else None

    def _save(
        self,
        db: Connection,
        cursor: Cursor,
        named: Mapping[str, Passage],
        unnamed: list[Passage],
        through: int,
        newest: tuple[int, str],
    ) -> None:
        site_id = cursor.site_id
        tables.save_last_passages(
            db, [{"site_id": site_id, "worker_id": who, **_row(passage)} for who, passage in named.items()]
        )
        tables.save_unnamed_passages(db, [{"site_id": site_id, **_row(passage)} for passage in unnamed])
        seq, digest = newest
        where = {"gate_id": cursor.gate_id, "epoch": cursor.epoch, "site_id": site_id}
        tables.save_read_journals(db, [where | {"seq": through, "passage_seq": seq, "passage_hash": digest}])

    def _forget(self, db: Connection) -> None:
        """Forget old passages, once an hour."""
        utc = now()
        if self._forget_from is not None and utc < self._forget_from:
            return
        self._forget_from = utc + timedelta(hours=1)
        tables.forget(db, utc - REMEMBERED)
        for site in (self._sites or {}).values():
            site.forget(utc - REMEMBERED)


def _begin(db: Connection, cursor: Cursor) -> int:
    """Return the number after which a journal is read that was never read: old events are left out."""
    if cursor.end <= WHOLE_FROM:
        return 0
    first = tables.first_since(db, (cursor.gate_id, cursor.epoch), now() - REMEMBERED)
    return cursor.end if first is None else first - 1


def _stored(db: Connection) -> "defaultdict[str, SitePassages]":
    """Read what an earlier process stored."""
    sites: defaultdict[str, SitePassages] = defaultdict(SitePassages)
    since = now() - REMEMBERED
    for row in tables.last_passages(db, since):
        sites[row.site_id].named[row.worker_id] = _of(row)
    for row in tables.unnamed_passages(db, since):
        sites[row.site_id].add_unnamed(_of(row))
    for row in tables.read_journals(db):
        if row.passage_seq:
            epoch = origin(row.epoch) or row.epoch
            sites[row.site_id].set_end(row.gate_id, row.epoch, epoch, row.passage_seq, row.passage_hash)
    return sites


def _of(row: Row[Any]) -> Passage:
    return Passage(Direction(row.direction), row.utc, row.gate_id, row.epoch, row.seq)


def _row(passage: Passage) -> dict[str, object]:
    return {
        "direction": passage.direction.value,
        "utc": passage.utc,
        "gate_id": passage.gate_id,
        "epoch": passage.epoch,
        "seq": passage.seq,
    }


def _passage(row: PassageEventRow) -> Passage | None:
    """Read a passage; None if nobody went through. Nobody passed later than HQ heard of it: a clock may be wrong."""
    said = json.loads(row.body)
    if said["outcome"] == PassageOutcome.NOT_TAKEN:
        return None
    trusted = row.utc if said.get("clock_trusted") else None
    utc = row.corrected_utc or trusted or row.received_utc
    return Passage(Direction(said["direction"]), min(utc, row.received_utc), row.gate_id, row.epoch, row.seq)
