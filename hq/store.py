"""The database behind everything at HQ: opening it, and what gates sent."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

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
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from contract.chain import GENESIS
from contract.messages import EventRecord, GateStatus, Health
from hq import tables as t

FIRST, NEWEST = "0001", "0003"
"""Revisions of the migrations: the tables before there were any, and the present ones."""
QUARANTINE_MAX = 10_000
QUARANTINE_BYTES = 256 * 1024
"""Bounds, so that a gate gone mad cannot fill the disk."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """The end of the chain that HQ holds of one journal."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class JournalKey:
    """One journal: a gate's epoch."""

    site_id: str
    gate_id: str
    epoch: str
    written_as: str = ""
    """The epoch as the gate names it, if this is a branch of it (`hq.branches`)."""

    @property
    def named(self) -> str:
        return self.written_as or self.epoch


class StoreError(RuntimeError):
    """The database cannot be used; the text says why and what to do."""


class Store:
    """All access to the database: SQLite by default, PostgreSQL by URL. `write()` and `read()` give connections; each `write()`
    is one transaction. Several processes may use one database.

    Raises:
        StoreError: the database refuses, or was made by a newer version; also from `write` and `read`.
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
        with _said_plainly(), self.engine.execution_options(sitegate_write=True).begin() as db:
            if what:
                lock(db, what)
            yield db

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with _said_plainly(), self.engine.connect() as db:
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


def watermark(db: Connection, key: JournalKey) -> Watermark:
    row = db.execute(
        select(t.watermarks.c.seq, t.watermarks.c.hash).where(
            t.watermarks.c.gate_id == key.gate_id, t.watermarks.c.epoch == key.epoch
        )
    ).first()
    return Watermark(row.seq, row.hash) if row else Watermark()


def set_watermark(db: Connection, key: JournalKey, mark: Watermark) -> None:
    values = {"seq": mark.seq, "hash": mark.hash, "site_id": key.site_id, "updated_utc": now()}
    where = (t.watermarks.c.gate_id == key.gate_id, t.watermarks.c.epoch == key.epoch)
    if not db.execute(update(t.watermarks).where(*where).values(**values)).rowcount:
        db.execute(insert(t.watermarks).values(gate_id=key.gate_id, epoch=key.epoch, **values))


def add_events(db: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Append to the events. PostgreSQL takes a stream of rows several times faster than one statement per row."""
    if db.dialect.name != "postgresql":
        db.execute(insert(t.events), list(rows))
        return
    names = [column.name for column in t.events.columns if column.name != "id"]
    utc = [name for name in names if isinstance(t.events.c[name].type, t.UtcTime)]
    cursor = db.connection.cursor()
    with cursor.copy(f"COPY events ({', '.join(names)}) FROM STDIN") as stream:
        for row in rows:
            plain = {name: row[name].replace(tzinfo=None) if row[name] else None for name in utc}  # all times are UTC
            stream.write_row([{**row, **plain}[name] for name in names])
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
    digest = hashlib.sha256("/".join((key.gate_id, key.epoch, str(seq), reason, "")).encode() + payload).hexdigest()
    if quarantined(db) >= QUARANTINE_MAX:
        return False
    return insert_new(
        db,
        t.quarantine,
        digest=digest,
        received_utc=now(),
        gate_id=key.gate_id[:64],  # from a topic it may be of any length, and PostgreSQL counts
        epoch=key.epoch,
        seq=seq,
        reason=reason[:500].replace("\0", "\ufffd"),  # it may quote what came, and PostgreSQL takes no NUL
        payload=payload[:QUARANTINE_BYTES],
    )


def insert_new(db: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless its key is there already; whether it was new. Safe against another process doing the same."""
    dialect: Any = postgresql if db.dialect.name == "postgresql" else sqlite
    return bool(db.execute(dialect.insert(table).values(**values).on_conflict_do_nothing()).rowcount)


def ask_for(db: Connection, what: str) -> None:
    """Leave a task for the one process that publishes; it is there once this transaction is."""
    insert_new(db, t.pending, what=what)


def take_pending(db: Connection, what: str) -> bool:
    """True once for every task, however often it was asked for."""
    return bool(db.execute(delete(t.pending).where(t.pending.c.what == what)).rowcount)


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


@contextmanager
def _said_plainly() -> Iterator[None]:
    """The server is gone, the disk is full, the file is damaged: one sentence, and whoever runs HQ starts it again."""
    try:
        yield
    except IntegrityError:  # a rule of ours, not the database's state
        raise
    except DBAPIError as error:
        raise StoreError(_plainly(error)) from error


def _plainly(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed; for PostgreSQL run: pip install 'sitegate[postgres]'"
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if "malformed" in reason or "not a database" in reason:
        return (
            f"the database is damaged: {reason}; put a backup in its place, the gates send again what they still hold"
        )
    return f"the database refuses: {reason}; check database_url in hq.toml, free space, and that the server runs"


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
