"""The events of all gates, as they were received."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select, update
from sqlalchemy.exc import DataError, OperationalError

from contract.chain import GENESIS
from contract.messages import EventRecord
from hq.database import tables as t
from hq.database.journal_starts import journal_start
from hq.database.values import BRANCH_MARK, EventRow, Journal, JournalKey, origin


def add_events(db: Connection, rows: Sequence[EventRow]) -> None:
    """Append events. PostgreSQL reads a stream of rows several times faster than one statement per row."""
    if not rows:
        return
    if db.dialect.name != "postgresql":
        db.execute(insert(t.events), [row._asdict() for row in rows])
        return
    driver: Any = db.dialect.loaded_dbapi  # SQLAlchemy does not see its errors, and callers expect SQLAlchemy's
    try:
        _copy(db, rows)
    except driver.OperationalError as error:
        raise OperationalError("COPY events", None, error) from error
    except driver.DataError as error:
        raise DataError("COPY events", None, error) from error


def _copy(db: Connection, rows: Sequence[EventRow]) -> None:
    cursor = db.connection.cursor()
    with cursor.copy(f"COPY events ({', '.join(EventRow._fields)}) FROM STDIN") as stream:
        for row in rows:
            utc = row.utc.replace(tzinfo=None) if row.utc else None  # all times are UTC
            stream.write_row(row._replace(utc=utc, received_utc=row.received_utc.replace(tzinfo=None)))
    cursor.close()


def hashes(db: Connection, key: JournalKey, first: int, last: int) -> dict[int, str]:
    """Read number -> hash of the stored events from `first` to `last`."""
    wanted = select(t.events.c.seq, t.events.c.hash).where(*_of(key), t.events.c.seq.between(first, last))
    return {row.seq: row.hash for row in db.execute(wanted)}


def chain_base(db: Connection, key: JournalKey) -> tuple[int, str]:
    """Read number and hash before the first record that HQ holds of a journal, or of a branch."""
    wanted = select(t.events.c.seq, t.events.c.prev_hash).where(*_of(key)).order_by(t.events.c.seq).limit(1)
    if BRANCH_MARK not in key.epoch:
        start = journal_start(db, key.journal)
        return (start.seq, start.hash) if start else (0, GENESIS)
    row = db.execute(wanted).first()
    return (row.seq - 1, row.prev_hash) if row else (0, GENESIS)


def chain(db: Connection, key: JournalKey, erased: Mapping[int, bytes] = MappingProxyType({})) -> Iterator[EventRecord]:
    """Read all stored records of a journal in order, unverified. `erased`: number -> proof, of the erased ones."""
    rows = db.execute(
        select(t.events.c.seq, t.events.c.prev_hash, t.events.c.hash, t.events.c.body)
        .where(*_of(key))
        .order_by(t.events.c.seq)
        .execution_options(yield_per=500)
    )
    for row in rows:
        yield EventRecord.model_construct(
            seq=row.seq, prev_hash=row.prev_hash, hash=row.hash, body=row.body, erased=erased.get(row.seq)
        )


def record_of(row: Row[Any]) -> tuple[JournalKey, EventRecord]:
    """Return the record as the gate sent it. `row`: a whole row of the events."""
    record = EventRecord(seq=row.seq, prev_hash=row.prev_hash, hash=row.hash, body=row.body)
    return JournalKey(row.site_id, row.gate_id, row.epoch, written_as=origin(row.epoch)), record


def first_and_last(db: Connection, key: JournalKey, count: int) -> tuple[list[Row[Any]], Row[Any] | None]:
    """Read id, reason and body of the first `count` events of a journal, and of its last."""
    columns: list[Any] = [t.events.c.id, t.events.c.reason, t.events.c.body]
    wanted = select(*columns).where(*_of(key))
    first = db.execute(wanted.order_by(t.events.c.seq).limit(count)).all()
    return list(first), db.execute(wanted.order_by(t.events.c.seq.desc()).limit(1)).first()


def event_count(db: Connection, key: JournalKey) -> int:
    """Count the stored events of one journal."""
    return int(db.execute(select(func.count()).select_from(t.events).where(*_of(key))).scalar_one())


def counts_by_journal(db: Connection) -> dict[Journal, int]:
    """Count the stored events of every journal. Some seconds for ten million events."""
    journal = (t.events.c.gate_id, t.events.c.epoch)
    return {(gate, epoch): n for gate, epoch, n in db.execute(select(*journal, func.count()).group_by(*journal))}


def events_of_type(db: Connection, kind: str, after_id: int = 0, limit: int | None = None) -> list[Row[Any]]:
    """Read whole rows of one type, in the order of their arrival."""
    wanted = select(t.events).where(t.events.c.type == kind, t.events.c.id > after_id)
    return list(db.execute(wanted.order_by(t.events.c.id).limit(limit)))


def count_of_type(db: Connection, kind: str, key: JournalKey | None = None) -> int:
    """Count the events of one type, in all journals or in one."""
    where = (t.events.c.type == kind, *(_of(key) if key else ()))
    return int(db.execute(select(func.count()).select_from(t.events).where(*where)).scalar_one())


def change_event(db: Connection, row_id: int, **values: Any) -> None:
    """Set columns of one event."""
    db.execute(update(t.events).where(t.events.c.id == row_id).values(**values))


def replace_body(db: Connection, key: JournalKey, seq: int, body: str) -> None:
    """Replace the body of one event."""
    db.execute(update(t.events).where(*_of(key), t.events.c.seq == seq).values(body=body))


def event_id(db: Connection, key: JournalKey, seq: int) -> int:
    """Return the row id of a stored event."""
    return int(db.execute(select(t.events.c.id).where(*_of(key), t.events.c.seq == seq)).scalar_one())


def event_row(db: Connection, row_id: int) -> Row[Any] | None:
    """Read the whole row of an event."""
    return db.execute(select(t.events).where(t.events.c.id == row_id)).first()


def events_before(db: Connection, key: JournalKey, seq: int, limit: int) -> list[Row[Any]]:
    """Read id, number, body and corrected time of the events before a number, newest first."""
    if seq <= 1:
        return []
    columns = (t.events.c.id, t.events.c.seq, t.events.c.body, t.events.c.corrected_utc)
    wanted = select(*columns).where(*_of(key), t.events.c.seq < seq)
    return list(db.execute(wanted.order_by(t.events.c.seq.desc()).limit(limit)))


def set_corrected_times(db: Connection, times: Mapping[int, datetime | None]) -> None:
    """Store row id -> corrected time."""
    if times:
        by_id = update(t.events).where(t.events.c.id == bindparam("row_id"))
        rows = [{"row_id": row_id, "right": right} for row_id, right in times.items()]
        db.execute(by_id.values(corrected_utc=bindparam("right")), rows)


def _of(key: JournalKey) -> tuple[Any, Any]:
    return t.events.c.gate_id == key.gate_id, t.events.c.epoch == key.epoch
