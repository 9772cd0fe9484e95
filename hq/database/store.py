"""The database behind everything at HQ: opening it, and what gates sent."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
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
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError

from contract.erasure import scrubbed
from contract.libraries import extra
from contract.messages import GateStatus, Health
from hq.database import tables as t
from hq.database.journals import JournalKey as JournalKey
from hq.keys.keys import HqKeys
from hq.lists import held_at_gates

FIRST, NEWEST = "0001", "0010"
"""Revisions of the migrations: the tables before there were any, and the present ones."""
REPUBLISH_ROSTERS = "roster"
"""The task left after an enrolment: publish the rosters anew."""
_REWRITTEN = ("templates", "list_parts", "list_bases", "enrolments")
"""Few rows that hold templates: PostgreSQL writes these tables anew, since what it deletes stays in the pages."""
_VACUUMED = ("events", "quarantine", "workers")
QUARANTINE_MAX = 10_000
QUARANTINE_BYTES = 256 * 1024
"""Bounds, so that a gate gone mad cannot fill the disk."""


class StoreError(RuntimeError):
    """The database cannot be used; the text says why and what to do."""


class DatabaseAway(StoreError):
    """The server is gone, or the disk refuses: nothing was stored, and it may work again later."""


class ValueRefused(StoreError):
    """The database is well, but holds no such value: nothing was stored, and will not be another time."""


class Store:
    """All access to the database: SQLite by default, PostgreSQL by URL. `write()` and `read()` give connections; each `write()`
    is one transaction. Several processes may use one database. `keys`: needed once, to encrypt a database of an earlier version.

    Raises:
        StoreError: the database refuses, or was made by a newer version; also from `write` and `read`.
    """

    def __init__(self, url: str, keys: HqKeys | None = None) -> None:
        try:
            self.engine = _engine(url)
            with self.write("schema") as db:
                migrated = _migrate(db, keys)
            if migrated:
                _empty_the_log(self.engine)
        except StoreError:
            self.engine.dispose()
            raise
        except (SQLAlchemyError, ModuleNotFoundError) as error:
            raise StoreError(plainly(error, "database_url in hq.toml")) from error

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

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """For several reads that belong together: they see one moment. SQLite gives no others."""
        repeatable = {"isolation_level": "REPEATABLE READ"} if self.engine.dialect.name == "postgresql" else {}
        with _said_plainly(), self.engine.execution_options(**repeatable).connect() as db:
            yield db

    def empty_log(self) -> bool:
        """What was deleted leaves the files of the database: SQLite's log is written back and cut, PostgreSQL's tables of
        templates and lists are written anew. False if somebody reads just now: try again later."""
        with _said_plainly():
            return _empty_the_log(self.engine)

    def close(self) -> None:
        self.engine.dispose()

    def set_status(self, status: GateStatus) -> None:
        """The newest status. The broker repeats it at every connection, and somebody may repeat an old one: neither changes
        anything. A gate that is away still holds the keys that it last told of."""
        with self.read() as db:
            held = db.execute(select(t.gates.c.status).where(t.gates.c.gate_id == status.gate_id)).scalar()
        if held:
            before = GateStatus.model_validate_json(held)
            if not is_news(status, before):
                return
            if not status.online:
                status = status.model_copy(update={"trusts": before.trusts, "opens": before.opens})
        body = status.model_dump_json()
        if held != body:
            with self.write(f"gate {status.gate_id}") as db:
                held_at_gates.note(db, status, now())
            self._set_gate(status.gate_id, status.site_id, status=body, status_utc=now())

    def believed_online(self, gate_id: str) -> bool:
        """Whether the newest status that was taken says so."""
        with self.read() as db:
            held = db.execute(select(t.gates.c.status).where(t.gates.c.gate_id == gate_id)).scalar()
        return held is not None and GateStatus.model_validate_json(held).online

    def set_health(self, health: Health) -> None:
        """Unless a newer one is held."""
        with self.read() as db:
            held = db.execute(select(t.gates.c.health).where(t.gates.c.gate_id == health.gate_id)).scalar()
        if held and health.serial and health.serial <= Health.model_validate_json(held).serial:
            return
        self._set_gate(health.gate_id, health.site_id, health=health.model_dump_json(), health_utc=now())

    def _set_gate(self, gate_id: str, site_id: str, **values: Any) -> None:
        with self.write(f"gate {gate_id}") as db:
            changed = db.execute(update(t.gates).where(t.gates.c.gate_id == gate_id).values(site_id=site_id, **values))
            if not changed.rowcount:
                db.execute(insert(t.gates).values(gate_id=gate_id, site_id=site_id, **values))


def is_news(status: GateStatus, held: GateStatus) -> bool:
    """Whether a status follows the one that is held. A Will, whose serial is its connection's, ends that connection alone."""
    if not status.serial:
        return True  # of a gate before version 1.3: the registry says whether it is taken at all
    if status.connection != held.connection:
        return status.connection > held.connection
    if _is_will(status):
        return held.online
    return not _is_will(held) and status.serial > held.serial


def _is_will(status: GateStatus) -> bool:
    return not status.online and not status.planned and status.serial == status.connection


def lock(db: Connection, what: str) -> None:
    """Wait until no other transaction holds `what`, and hold it to the end of this one. SQLite has one writer anyway."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": what})


def put_in_quarantine(
    db: Connection, key: JournalKey, seq: int, reason: str, payload: bytes, *, tell: bool = True
) -> bool:
    """Quarantine a payload, without what is sealed in enrolments; False if exactly this is there already, or the quarantine is
    full. `tell`: the gate is told."""
    reason = reason.encode(errors="backslashreplace").decode().replace("\0", "\\0")  # it may quote a hostile payload
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
        reason=reason[:500],
        payload=scrubbed(payload)[:QUARANTINE_BYTES],
        site_id=key.site_id[:64],
        told_utc=None if tell else now(),
    )


def insert_new(db: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless its key is there already; whether it was new. Safe against another process doing the same."""
    dialect: Any = postgresql if db.dialect.name == "postgresql" else sqlite
    return bool(db.execute(dialect.insert(table).values(**values).on_conflict_do_nothing()).rowcount)


def add_task(db: Connection, what: str) -> None:
    """Leave a task for the one process that publishes; it is there once this transaction is."""
    dialect: Any = postgresql if db.dialect.name == "postgresql" else sqlite
    again = dialect.insert(t.pending).values(what=what, asked=1)
    db.execute(again.on_conflict_do_update(index_elements=["what"], set_={"asked": t.pending.c.asked + 1}))


def task_count(db: Connection, what: str) -> int:
    """How often a task was asked for since it was last `done`."""
    return db.execute(select(t.pending.c.asked).where(t.pending.c.what == what)).scalar() or 0


def finish_task(db: Connection, what: str, asked: int) -> None:
    """The task was carried out, afterwards: unless somebody asked for it in the meantime, it is gone."""
    db.execute(delete(t.pending).where(t.pending.c.what == what, t.pending.c.asked == asked))


def quarantined(db: Connection) -> int:
    return int(db.execute(select(func.count()).select_from(t.quarantine)).scalar_one())


def now() -> datetime:
    return datetime.now(UTC)


def _migrate(db: Connection, keys: HqKeys | None) -> bool:
    """Bring the tables to this version's shape: all at once in an empty database, otherwise by the missing steps (True)."""
    found = set(inspect(db).get_table_names())
    if not found & set(t.metadata.tables):
        t.metadata.create_all(db)
        db.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        db.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": NEWEST})
        return False
    if "alembic_version" in found and db.scalar(text("SELECT version_num FROM alembic_version")) == NEWEST:
        return False
    from alembic import command  # slow to load, and seldom needed
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(files("hq.database") / "migrations"))
    config.attributes.update(connection=db, keys=keys)
    try:
        if "alembic_version" not in found:
            command.stamp(config, FIRST)  # made before there were migrations
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"the database was made by a newer sitegate-hq: update this one first ({error})") from error
    return True


def _empty_the_log(engine: Engine) -> bool:
    """What was encrypted, erased or deleted stands readable in the files until this was done; False if it could not be."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        if engine.dialect.name != "sqlite":
            for table in _REWRITTEN:
                db.execute(text(f"VACUUM (FULL) {table}"))
            for table in _VACUUMED:
                db.execute(text(f"VACUUM {table}"))
            return True
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA busy_timeout=0")
        busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.execute("PRAGMA busy_timeout=10000")
    finally:
        raw.close()
    return not busy


@contextmanager
def _said_plainly() -> Iterator[None]:
    """The server is gone, the disk is full, the file is damaged: one sentence, and whoever runs HQ starts it again."""
    try:
        yield
    except IntegrityError:  # a rule of ours, not the database's state
        raise
    except (InterfaceError, OperationalError) as error:
        raise DatabaseAway(plainly(error, "database_url in hq.toml")) from error
    except DataError as error:
        raise ValueRefused(plainly(error, "the value")) from error
    except DBAPIError as error:
        raise StoreError(plainly(error, "database_url in hq.toml")) from error


def plainly(error: Exception, setting: str) -> str:
    """Why a database cannot be used, and what to do; `setting`: where its URL stands."""
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed; for PostgreSQL run: {extra('postgres')}"
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if "malformed" in reason or "not a database" in reason:
        return (
            f"the database is damaged: {reason}; put a backup in its place, the gates send again what they still hold"
        )
    return f"the database refuses: {reason}; check {setting}, free space, and that the server runs"


def _engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(raw: Any, record: Any) -> None:
    raw.isolation_level = None  # we begin transactions ourselves: see _on_begin
    # What was changed or deleted is overwritten with zeros, and does not stay behind in free pages.
    for pragma in ("secure_delete=ON", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        raw.execute(f"PRAGMA {pragma}")


def _on_begin(db: Connection) -> None:
    # A writer takes the lock at once: a reader that turns writer half-way would fail at once instead of waiting.
    write = db.get_execution_options().get("sitegate_write", False)
    db.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
