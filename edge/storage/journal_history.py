"""The past in journal.db, for people: events of a time with filters, decisions, passages. Read only.

The filters look for parts of an event's JSON. That is three times as fast as reading each event, and a text inside an
event cannot pass for such a part: its quotation marks are escaped. All work is bounded: one page, or a slice at a time.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from edge.core.domain import DecisionRow, HistoryKind, HistoryPage, HistoryQuery, WorkerPassage
from edge.storage.database_reader import DatabaseReader
from edge.storage.journal_reader import decoded
from edge.storage.untrusted_database import of_types

BODY_MAX = 65_536
"""Characters of an event (`contract.messages.EventRecord`)."""
DECISIONS_MAX = 20_000
"""Newest decisions of one answer. A gate decides some 5,000 times a day."""
SLICE = 5_000
"""Passages read at once, so that no reader holds the journal's log for long."""
WORKERS_MAX = 500
ID_MAX = 64
"""Characters of a worker's id (`contract.messages.Id`)."""

_BOUNDS = "SELECT min(+seq), max(+seq) FROM events WHERE utc >= ? AND utc < ?"
"""By the index of times. The events between them are then read in the order of the file."""
_BETWEEN = "seq BETWEEN ? AND ? AND +utc >= ? AND +utc < ?"
_READABLE = f"typeof(body) = 'text' AND length(body) <= {BODY_MAX}"
_HAS = "instr(body, ?) > 0"
_DECISIONS = f"""
SELECT seq, utc, json_extract(body, '$.granted'), json_extract(body, '$.reason'), json_extract(body, '$.direction'),
  json_extract(body, '$.worker_id'), coalesce(json_extract(body, '$.detail'), ''),
  coalesce(json_extract(body, '$.by'), '')
FROM events WHERE {_BETWEEN} AND {_HAS} AND {_READABLE} AND json_valid(body) ORDER BY seq DESC LIMIT {DECISIONS_MAX}
"""
_PASSAGES = f"""
SELECT seq, worker_id, utc, direction = 'in' FROM (
  SELECT seq, utc, json_extract(body, '$.worker_id') AS worker_id, json_extract(body, '$.outcome') AS outcome,
    json_extract(body, '$.direction') AS direction, json_type(body, '$.worker_id') AS kind
  FROM events WHERE {_BETWEEN} AND {_HAS} AND {_READABLE} AND json_valid(body)
) WHERE kind = 'text' AND length(worker_id) <= {ID_MAX} AND direction IN ('in', 'out')
  AND outcome <> 'not_taken' ORDER BY seq LIMIT ?
"""
_WORKER = "CASE WHEN json_valid(body) THEN json_extract(body, '$.worker_id') END"


class _Span(NamedTuple):
    """The first and the last number of a time."""

    first: int
    last: int


class _Condition(NamedTuple):
    """SQL behind WHERE, with its values."""

    sql: str
    values: tuple[object, ...]


class _Found(NamedTuple):
    """`total`: all found events. `last`: the newest seq of the time. `bodies`: of one page."""

    total: int
    last: int
    bodies: tuple[str, ...]


_NOTHING = _Found(0, 0, ())
_PassageRow = tuple[int, str, float, int]
_NO_ROWS: list[_PassageRow] = []


class JournalHistory:
    """Answers questions about the past. See `edge.screen.ports.History`. Threads may share it: one asks at a time."""

    def __init__(self, path: Path) -> None:
        self._reader = DatabaseReader(path)
        self._lock = threading.Lock()

    @property
    def trouble(self) -> str:
        """Say why an existing journal cannot be read; "" while it can."""
        return self._reader.trouble

    def oldest(self) -> datetime | None:
        """Return the time of the oldest event that is kept."""
        with self._lock:
            body = self._reader.ask(_oldest, None)
        return next((event.utc for event in decoded([body] if body else [])), None)

    def page(self, asked: HistoryQuery, number: int, size: int, through: int = 0) -> HistoryPage:
        """Return page `number` (from 0), newest first. `through`: no event after this one; 0: all.

        With the `through` of the first page all pages stay the same while the gate goes on.
        """
        with self._lock:
            found = self._reader.ask(lambda db: _page(db, asked, number, size, through), _NOTHING)
        return HistoryPage(decoded(found.bodies), found.total, found.last)

    def decisions(self, since: datetime, until: datetime) -> list[DecisionRow]:
        """Return the decisions of a time, oldest first. Of more than DECISIONS_MAX, the newest."""
        with self._lock:
            return self._reader.ask(lambda db: _decisions(db, since, until), [])

    def passages(self, since: datetime, until: datetime) -> Iterator[WorkerPassage]:
        """Yield the passages of named workers who got through, in the journal's order, a slice at a time."""
        with self._lock:
            span = self._reader.ask(lambda db: _span(db, since, until), None)
        while span is not None:
            with self._lock:
                rows = self._reader.ask(partial(_passages, span=span, since=since, until=until), _NO_ROWS)
            yield from (WorkerPassage(worker_id, utc, bool(inwards)) for _, worker_id, utc, inwards in rows)
            if len(rows) < SLICE:
                return
            span = _Span(rows[-1][0] + 1, span.last)

    def close(self) -> None:
        """Close the file. May be called twice."""
        with self._lock:
            self._reader.close()


def _oldest(db: sqlite3.Connection) -> str | None:
    found = db.execute(f"SELECT body FROM events WHERE {_READABLE} ORDER BY seq LIMIT 1").fetchone()
    return str(found[0]) if found else None


def _span(db: sqlite3.Connection, since: datetime, until: datetime) -> _Span | None:
    first, last = db.execute(_BOUNDS, (since.timestamp(), until.timestamp())).fetchone()
    return None if first is None else _Span(int(first), int(last))


def _page(db: sqlite3.Connection, asked: HistoryQuery, number: int, size: int, through: int) -> _Found:
    span = _span(db, asked.since, asked.until)
    if span is None or (asked.workers is not None and not asked.workers):
        return _NOTHING
    last = min(span.last, through) if through else span.last
    more = _condition(asked)
    where = f"FROM events WHERE {_BETWEEN} AND {more.sql}"
    values = (span.first, last, asked.since.timestamp(), asked.until.timestamp(), *more.values)
    (total,) = db.execute(f"SELECT count(*) {where}", values).fetchone()
    rows = db.execute(f"SELECT body {where} ORDER BY seq DESC LIMIT ? OFFSET ?", (*values, size, number * size))
    return _Found(int(total), last, tuple(body for (body,) in rows))


def _decisions(db: sqlite3.Connection, since: datetime, until: datetime) -> list[DecisionRow]:
    span = _span(db, since, until)
    if span is None:
        return []
    rows = db.execute(_DECISIONS, (*span, since.timestamp(), until.timestamp(), _part("type", "access"))).fetchall()
    named = of_types([row for row in rows if row[5] is not None], (int, float, int, str, str, str, str, str))
    unnamed = of_types([row for row in rows if row[5] is None], (int, float, int, str, str, type(None), str, str))
    found = [DecisionRow(row[0], row[1], bool(row[2]), *row[3:]) for row in (*named, *unnamed)]
    return sorted(found, key=lambda row: row.seq)


def _passages(db: sqlite3.Connection, span: _Span, since: datetime, until: datetime) -> list[_PassageRow]:
    values = (
        *span,
        since.timestamp(),
        until.timestamp(),
        _part("type", "passage"),
        SLICE,
    )
    return db.execute(_PASSAGES, values).fetchall()


def _condition(asked: HistoryQuery) -> _Condition:
    wanted, unwanted = _parts(asked)
    sql = [*(_HAS for _ in wanted), *(f"NOT {_HAS}" for _ in unwanted)]
    values: list[object] = [*wanted, *unwanted]
    if asked.workers is not None:
        workers = sorted(asked.workers)[:WORKERS_MAX]
        if len(workers) == 1:  # `worker_id` is the same in all events that have one
            sql.append(_HAS)
            values.append(_part("worker_id", workers[0]))
        else:
            sql.append(f"{_WORKER} IN ({','.join('?' * len(workers))})")
            values.extend(workers)
    return _Condition(" AND ".join((*sql, _READABLE)), tuple(values))


def _parts(asked: HistoryQuery) -> tuple[list[str], list[str]]:
    """Return the parts that an event must have, and those that it must not have."""
    wanted: list[str] = []
    unwanted = [_part("reason", reason.value) for reason in sorted(asked.without)]
    match asked.kind:
        case HistoryKind.ADMITTED | HistoryKind.REFUSED:
            wanted += [_part("type", "access"), f'"granted":{json.dumps(asked.kind is HistoryKind.ADMITTED)}']
        case HistoryKind.PASSAGE | HistoryKind.NOTICE:
            wanted.append(_part("type", asked.kind.value))
        case HistoryKind.OTHER:
            unwanted += [_part("type", name) for name in ("access", "passage", "notice")]
    if asked.reason is not None:
        wanted.append(_part("reason", asked.reason.value))
    if asked.outcome is not None:
        wanted.append(_part("outcome", asked.outcome.value))
    return wanted, unwanted


def _part(name: str, value: str) -> str:
    """Return one field as it stands in an event's JSON."""
    return f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=False)}"
