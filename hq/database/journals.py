"""The journals of gates in the database: where each ends, who stores of it now, and its events."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select, text, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, OperationalError

from contract.chain import GENESIS
from contract.messages import EventRecord
from hq.database import tables as t


@dataclass(frozen=True, slots=True)
class Watermark:
    """The end of the chain that HQ holds of one journal."""

    seq: int = 0
    hash: str = GENESIS


Journal = tuple[str, str]
"""Gate and epoch: one journal, whatever site it names."""


@dataclass(frozen=True, slots=True)
class JournalKey:
    """One journal: a gate's epoch."""

    site_id: str
    gate_id: str
    epoch: str
    written_as: str = ""
    """The epoch as the gate names it, if this is a branch of it (`hq.ingest.forks`)."""

    @property
    def named(self) -> str:
        return self.written_as or self.epoch

    @property
    def journal(self) -> Journal:
        return self.gate_id, self.epoch


class EventRow(NamedTuple):
    """A row of the events; without its `id`."""

    site_id: str
    gate_id: str
    epoch: str
    seq: int
    type: str
    reason: str
    worker_id: str | None
    utc: datetime | None
    body: str
    prev_hash: str
    hash: str
    received_utc: datetime
    corrected_utc: datetime | None = None


_KEY = "hashtextextended('journal ' || gate || '/' || epoch, 0)"
_ASKED = "unnest(CAST(:gates AS text[]), CAST(:epochs AS text[])) AS asked(gate, epoch)"
_CLAIM_ALL = text(f"SELECT gate, epoch, pg_advisory_xact_lock({_KEY}) AS held FROM {_ASKED}")
_CLAIM_FREE = text(f"SELECT gate, epoch, pg_try_advisory_xact_lock({_KEY}) AS held FROM {_ASKED}")


def claim(db: Connection, journals: Set[Journal], *, wait: bool) -> Set[Journal]:
    """Those of the journals that nobody else stores of to the end of this transaction. `wait`: until it is all of them;
    then ask for one only, since two that wait for each other's second would wait for ever."""
    if db.dialect.name != "postgresql":
        return journals  # SQLite has one writer anyway
    rows = db.execute(
        _CLAIM_ALL if wait else _CLAIM_FREE, {"gates": [g for g, _ in journals], "epochs": [e for _, e in journals]}
    )
    return {(row.gate, row.epoch) for row in rows if row.held is not False}


def journals(db: Connection, gate_id: str) -> list[tuple[JournalKey, Watermark]]:
    """Every journal of a gate with its watermark, the one written last at the end."""
    asked = select(t.watermarks).where(t.watermarks.c.gate_id == gate_id).order_by(t.watermarks.c.updated_utc)
    return [(JournalKey(r.site_id, gate_id, r.epoch), Watermark(r.seq, r.hash)) for r in db.execute(asked)]


def last_begun(db: Connection, gate_id: str) -> str:
    """The epoch that a gate began last, by the arrival of its first event; "" if it has none."""
    begun: dict[int, str] = {}
    for epoch in db.execute(select(t.watermarks.c.epoch).where(t.watermarks.c.gate_id == gate_id)).scalars():
        mine = (t.events.c.gate_id == gate_id, t.events.c.epoch == epoch)
        first = db.execute(select(t.events.c.id).where(*mine).order_by(t.events.c.seq).limit(1)).scalar()
        begun[first or 0] = epoch
    return begun[max(begun)] if begun else ""


def watermarks(db: Connection, journals: Set[Journal]) -> dict[Journal, Watermark]:
    """Of those that were ever heard of."""
    columns = t.watermarks.c
    asked = select(columns.gate_id, columns.epoch, columns.seq, columns.hash).where(
        tuple_(columns.gate_id, columns.epoch).in_(sorted(journals))
    )
    return {(row.gate_id, row.epoch): Watermark(row.seq, row.hash) for row in db.execute(asked)}


def set_watermarks(db: Connection, marks: Mapping[Journal, tuple[str, Watermark]], utc: datetime) -> None:
    """Journal -> its site and the new watermark."""
    if not marks:
        return
    dialect: Any = postgresql if db.dialect.name == "postgresql" else sqlite
    upsert = dialect.insert(t.watermarks)
    changing = {name: upsert.excluded[name] for name in ("seq", "hash", "site_id", "updated_utc")}
    rows = [
        {"gate_id": gate, "epoch": epoch, "site_id": site, "seq": mark.seq, "hash": mark.hash, "updated_utc": utc}
        for (gate, epoch), (site, mark) in marks.items()
    ]
    db.execute(upsert.on_conflict_do_update(index_elements=["gate_id", "epoch"], set_=changing), rows)


def add_events(db: Connection, rows: Sequence[EventRow]) -> None:
    """Append to the events. PostgreSQL takes a stream of rows several times faster than one statement per row."""
    if not rows:
        return
    if db.dialect.name != "postgresql":
        db.execute(insert(t.events), [row._asdict() for row in rows])
        return
    try:
        _copy(db, rows)
    except (
        db.dialect.loaded_dbapi.OperationalError
    ) as error:  # SQLAlchemy did not see it, and everybody expects its own
        raise OperationalError("COPY events", None, error) from error
    except db.dialect.loaded_dbapi.DataError as error:
        raise DataError("COPY events", None, error) from error


def _copy(db: Connection, rows: Sequence[EventRow]) -> None:
    cursor = db.connection.cursor()
    with cursor.copy(f"COPY events ({', '.join(EventRow._fields)}) FROM STDIN") as stream:
        for row in rows:
            utc = row.utc.replace(tzinfo=None) if row.utc else None  # all times are UTC
            stream.write_row(row._replace(utc=utc, received_utc=row.received_utc.replace(tzinfo=None)))
    cursor.close()


def hashes(db: Connection, key: JournalKey, first: int, last: int) -> dict[int, str]:
    """seq -> hash of stored events."""
    rows = db.execute(
        select(t.events.c.seq, t.events.c.hash).where(
            t.events.c.gate_id == key.gate_id, t.events.c.epoch == key.epoch, t.events.c.seq.between(first, last)
        )
    )
    return {row.seq: row.hash for row in rows}


def chain(db: Connection, key: JournalKey, erased: Mapping[int, bytes] = MappingProxyType({})) -> Iterator[EventRecord]:
    """All stored records of a journal, in order, as they are: whoever walks them finds out what is wrong with them. `erased`:
    numbers of those that were erased, and what proves it."""
    rows = db.execute(
        select(t.events.c.seq, t.events.c.prev_hash, t.events.c.hash, t.events.c.body)
        .where(t.events.c.gate_id == key.gate_id, t.events.c.epoch == key.epoch)
        .order_by(t.events.c.seq)
        .execution_options(yield_per=500)
    )
    for row in rows:
        yield EventRecord.model_construct(
            seq=row.seq, prev_hash=row.prev_hash, hash=row.hash, body=row.body, erased=erased.get(row.seq)
        )
