"""The connection to HQ's database: open it, read, write in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from common import private_files
from common.terminal.text import visible
from hq.database.change_file import ChangeFile
from hq.database.deleted_data import clear_deleted
from hq.database.errors import StoreError, plain_errors, plainly
from hq.database.migration import migrate
from hq.database.moved import require_in_use
from hq.keys.keys import HqKeys

log = structlog.get_logger()

_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgresql+psycopg": "postgresql+psycopg"}
_URLS = "sqlite:///hq.db or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"


class Store:
    """All access to the database: SQLite by default, PostgreSQL by URL. Several processes may use one database.

    `write()` and `read()` give connections; each `write()` is one transaction. `keys` encrypt a database of an earlier
    version.

    Raises:
        StoreError: the database refuses, or was made by a newer version; also from `write` and `read`.
    """

    def __init__(self, url: str, keys: HqKeys | None = None, *, in_use: bool = True) -> None:
        """`in_use`: refuse a database that was moved."""
        self.changes = ChangeFile(keys.folder.parent) if keys else None
        try:
            self.engine = make_engine(url)
        except (SQLAlchemyError, ModuleNotFoundError) as error:
            raise StoreError(plainly(error, "database_url in hq.toml")) from error
        try:
            with self.write("schema") as db:
                if in_use:
                    require_in_use(db)
                migrated = migrate(db, keys)
            if migrated:
                clear_deleted(self.engine)
        except StoreError:
            self.engine.dispose()
            raise
        except SQLAlchemyError as error:
            self.engine.dispose()
            raise StoreError(plainly(error, "database_url in hq.toml")) from error

    @contextmanager
    def write(self, what: str = "", *, record: bool = True) -> Iterator[Connection]:
        """Open a transaction. Of those with the same `what` only one runs at a time, over all processes.

        `record`: changes that must survive a restored backup are written beside the database (`note_change`).
        """
        with plain_errors(), self.engine.execution_options(sitegate_write=True).begin() as db:
            if what:
                lock(db, what)
            with self.changes.recording(db, record=record) if self.changes else nullcontext():
                yield db

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection for reading."""
        with plain_errors(), self.engine.connect() as db:
            yield db

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a connection whose reads all see the same moment. With SQLite every connection does."""
        repeatable = {"isolation_level": "REPEATABLE READ"} if self.engine.dialect.name == "postgresql" else {}
        with plain_errors(), self.engine.execution_options(**repeatable).connect() as db:
            yield db

    def empty_log(self) -> bool:
        """Remove deleted rows from the files of the database. Return False while a reader prevents it: try again later.

        SQLite's log is written back and cut; PostgreSQL rewrites the tables of templates and lists.
        """
        with plain_errors():
            return clear_deleted(self.engine)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def lock(db: Connection, what: str) -> None:
    """Wait until no other transaction holds `what`, and hold it to the end of this one.

    SQLite has one writer anyway.
    """
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": what})


def insert_new(db: Connection, table: Table, **values: Any) -> bool:
    """Insert a row unless its key exists. Return whether it is new. Safe against another process that does the same."""
    dialect: Any = postgresql if db.dialect.name == "postgresql" else sqlite
    return bool(db.execute(dialect.insert(table).values(**values).on_conflict_do_nothing()).rowcount)


def make_engine(url: str) -> Engine:
    """Make the connections to a database. For one that may have no tables yet; otherwise see `Store`.

    Raises:
        StoreError: not the URL of SQLite or PostgreSQL.
    """
    scheme, colon, rest = url.partition("://")
    if not colon or scheme not in _DRIVERS:
        raise StoreError(f"{visible(scheme)!r} is no database that HQ knows: write {_URLS}")
    url = f"{_DRIVERS[scheme]}://{rest}"
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    _keep_private(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_connect)
        event.listen(engine, "begin", _on_begin)
    return engine


def database_files(database: str | None) -> list[Path]:
    """Return the files of an SQLite database; none for one in memory."""
    return [Path(f"{database}{end}") for end in ("", "-wal", "-shm")] if database and database != ":memory:" else []


def _keep_private(engine: Engine) -> None:
    """Let only the owner read the files. SQLite gives the log the rights of the database."""
    files = database_files(engine.url.database) if engine.dialect.name == "sqlite" else []
    for path in files:
        if private_files.tighten(path):
            log.warning("permissions_tightened", file=str(path))
    with suppress(OSError):  # SQLite says what is wrong with the folder
        for path in files[:1]:
            private_files.create(path)


def _on_connect(raw: Any, record: Any) -> None:
    raw.isolation_level = None  # we begin transactions ourselves: see _on_begin
    # What was changed or deleted is overwritten with zeros, and does not stay behind in free pages.
    for pragma in ("secure_delete=ON", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        raw.execute(f"PRAGMA {pragma}")


def _on_begin(db: Connection) -> None:
    # A writer takes the lock at once. A reader that began to write later would fail instead of waiting.
    write = db.get_execution_options().get("sitegate_write", False)
    db.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
