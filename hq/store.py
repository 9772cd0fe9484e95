"""The database behind everything at HQ: opening it, and what gates sent."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from contract.chain import GENESIS
from contract.messages import EventRecord, GateStatus, Health
from hq import tables as t

FIRST, NEWEST = "0001", "0008"
"""Revisions of the migrations: the tables before there were any, and the present ones."""
QUARANTINE_MAX = 10_000
QUARANTINE_BYTES = 256 * 1024
"""Bounds, so that a gate gone mad cannot fill the disk."""


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

    @property
    def journal(self) -> Journal:
        return self.gate_id, self.epoch


class EventRow(NamedTuple):
    """A row of the events; the fields stand in the order of the table's columns, without `id`."""

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


_KEY = "hashtextextended('journal ' || gate || '/' || epoch, 0)"
_ASKED = "unnest(CAST(:gates AS text[]), CAST(:epochs AS text[])) AS asked(gate, epoch)"
_CLAIM_ALL = text(f"SELECT gate, epoch, pg_advisory_xact_lock({_KEY}) AS held FROM {_ASKED}")
_CLAIM_FREE = text(f"SELECT gate, epoch, pg_try_advisory_xact_lock({_KEY}) AS held FROM {_ASKED}")


class StoreError(RuntimeError):
    """The database cannot be used; the text says why and what to do."""


class Store:
    """All access to the database: SQLite by default, PostgreSQL by URL. `write()` and `read()` give connections; each `write()`
    is one transaction. Several processes may use one database.

    Raises:
        StoreError: the database refuses, or was made by a newer version.
    """

    def __init__(self, url: str) -> None:
        try:
            self.engine = _engine(url)
            with self.write("schema") as db:
                _migrate(db)
        except (SQLAlchemyError, ModuleNotFoundError) as error:
            raise StoreError(_plainly(error)) from error

    @contextmanager
    def write(self, what: str = "") -> Iterator[Connection]:
        """A transaction. Of those with the same `what` only one runs at a time, in whichever process."""
        with self.engine.execution_options(sitegate_write=True).begin() as db:
            if what:
                lock(db, what)
            yield db

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as db:
            yield db

    def close(self) -> None:
        self.engine.dispose()

    def set_status(self, status: GateStatus) -> None:
        """The newest status; the broker repeats it at every connection, which is no news and changes no time."""
        body = status.model_dump_json()
        with self.read() as db:
            held = db.execute(select(t.gates.c.status).where(t.gates.c.gate_id == status.gate_id)).scalar()
        if held != body:
            self._set_gate(status.gate_id, status.site_id, status=body, status_utc=now())

    def set_health(self, health: Health) -> None:
        self._set_gate(health.gate_id, health.site_id, health=health.model_dump_json(), health_utc=now())

    def _set_gate(self, gate_id: str, site_id: str, **values: Any) -> None:
        with self.write(f"gate {gate_id}") as db:
            changed = db.execute(update(t.gates).where(t.gates.c.gate_id == gate_id).values(site_id=site_id, **values))
            if not changed.rowcount:
                db.execute(insert(t.gates).values(gate_id=gate_id, site_id=site_id, **values))


def lock(db: Connection, what: str) -> None:
    """Wait until no other transaction holds `what`, and hold it to the end of this one. SQLite has one writer anyway."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": what})


def claim(db: Connection, journals: Set[Journal], *, wait: bool) -> Set[Journal]:
    """Those of the journals that nobody else stores of to the end of this transaction. `wait`: until it is all of them;
    then ask for one only, since two that wait for each other's second would wait for ever."""
    if db.dialect.name != "postgresql":
        return journals  # SQLite has one writer anyway
    rows = db.execute(
        _CLAIM_ALL if wait else _CLAIM_FREE, {"gates": [g for g, _ in journals], "epochs": [e for _, e in journals]}
    )
    return {(row.gate, row.epoch) for row in rows if row.held is not False}


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


def put_aside(db: Connection, key: JournalKey, seq: int, reason: str, payload: bytes) -> bool:
    """Quarantine a payload; False if exactly this is there already, or the quarantine is full."""
    reason = reason.encode(errors="backslashreplace").decode().replace("\0", "\\0")  # it may quote a hostile payload
    digest = hashlib.sha256("/".join((key.gate_id, key.epoch, str(seq), reason, "")).encode() + payload).hexdigest()
    if quarantined(db) >= QUARANTINE_MAX:
        return False
    return insert_new(
        db,
        t.quarantine,
        digest=digest,
        received_utc=now(),
        gate_id=key.gate_id,
        epoch=key.epoch,
        seq=seq,
        reason=reason[:500],
        payload=payload[:QUARANTINE_BYTES],
    )


def insert_new(db: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless its key is there already; whether it was new. Safe against another process doing the same."""
    dialect: Any = postgresql if db.dialect.name == "postgresql" else sqlite
    return bool(db.execute(dialect.insert(table).values(**values).on_conflict_do_nothing()).rowcount)


def ask_for(db: Connection, what: str) -> None:
    """Leave a task for the one process that publishes; it is there once this transaction is."""
    dialect: Any = postgresql if db.dialect.name == "postgresql" else sqlite
    again = dialect.insert(t.pending).values(what=what, asked=1)
    db.execute(again.on_conflict_do_update(index_elements=["what"], set_={"asked": t.pending.c.asked + 1}))


def asked_for(db: Connection, what: str) -> int:
    """How often a task was asked for since it was last `done`."""
    return db.execute(select(t.pending.c.asked).where(t.pending.c.what == what)).scalar() or 0


def done(db: Connection, what: str, asked: int) -> None:
    """The task was carried out, afterwards: unless somebody asked for it in the meantime, it is gone."""
    db.execute(delete(t.pending).where(t.pending.c.what == what, t.pending.c.asked == asked))


def quarantined(db: Connection) -> int:
    return int(db.execute(select(func.count()).select_from(t.quarantine)).scalar_one())


def chain(db: Connection, key: JournalKey) -> Iterator[EventRecord]:
    """All stored records of a journal, in order."""
    rows = db.execute(
        select(t.events.c.seq, t.events.c.prev_hash, t.events.c.hash, t.events.c.body)
        .where(t.events.c.gate_id == key.gate_id, t.events.c.epoch == key.epoch)
        .order_by(t.events.c.seq)
        .execution_options(yield_per=500)
    )
    for row in rows:
        yield EventRecord(seq=row.seq, prev_hash=row.prev_hash, hash=row.hash, body=row.body)


def now() -> datetime:
    return datetime.now(UTC)


def _migrate(db: Connection) -> None:
    """Bring the tables to this version's shape: all at once in an empty database, otherwise by the missing steps."""
    found = set(inspect(db).get_table_names())
    if not found & set(t.metadata.tables):
        t.metadata.create_all(db)
        db.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        db.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": NEWEST})
        return
    if "alembic_version" in found and db.scalar(text("SELECT version_num FROM alembic_version")) == NEWEST:
        return
    from alembic import command  # slow to load, and seldom needed
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(files("hq") / "migrations"))
    config.attributes["connection"] = db
    try:
        if "alembic_version" not in found:
            command.stamp(config, FIRST)  # made before there were migrations
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"the database was made by a newer sitegate-hq: update this one first ({error})") from error


def _plainly(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed; for PostgreSQL run: pip install 'sitegate[postgres]'"
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return f"the database cannot be opened: {reason}; check database_url in hq.toml, and that the server runs"


def _engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(raw: Any, record: Any) -> None:
    raw.isolation_level = None  # we begin transactions ourselves: see _on_begin
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        raw.execute(f"PRAGMA {pragma}")


def _on_begin(db: Connection) -> None:
    # A writer takes the lock at once: a reader that turns writer half-way would fail at once instead of waiting.
    write = db.get_execution_options().get("sitegate_write", False)
    db.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
