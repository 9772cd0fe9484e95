"""Move HQ to another database, SQLite or PostgreSQL: all of it, or nothing.

    1. writers of the old database wait; all tables are copied, and compared by number of rows and sum
    2. the new database is complete, and marked as arriving: no HQ works on it
    3. the old one is marked as moved, and refuses every change
    4. the mark of the new one is removed, and hq.toml names it

After a crash the same command begins again, or finishes what was complete.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, closing

from sqlalchemy import Connection, Engine, MetaData, inspect
from sqlalchemy.exc import SQLAlchemyError

from hq.backups.restore import with_database_url
from hq.backups.rows import TableSum, add_lines, columns, copied_tables, count_on, pieces, table_sum
from hq.backups.schema import require_empty
from hq.backups.sealed_file import BackupError
from hq.config import FILE_NAME, HqConfig
from hq.database import tables as t
from hq.database.clock import now
from hq.database.errors import StoreError, plain_errors, plainly
from hq.database.migration import migrate
from hq.database.moved import DatabaseState, database_state, hold_writers, refuse_writers, set_state
from hq.database.store import Store, make_engine
from hq.keys.rotation import replace_file


def move(store: Store, config: HqConfig, url: str, moved: Callable[[str, int], None]) -> None:
    """Move to the database at `url`. `store`: opened in any state. `moved`: called for each copied table.

    Raises BackupError, StoreError: then HQ goes on with the old database.
    """
    target_url = config.model_copy(update={"database_url": url}).url
    settings = config.folder / FILE_NAME
    changed = with_database_url(settings.read_text(encoding="utf-8-sig"), url)  # before anything is moved
    if target_url == config.url:
        raise BackupError(f"HQ works on this database already: {url}")
    try:
        engine = make_engine(target_url)
        with closing(_Target(engine)) as target, plain_errors():
            _move(store, target, moved)
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise StoreError(plainly(error, "the URL of the database")) from error
    replace_file(settings.with_name(f"{FILE_NAME}.before-move"), settings.read_bytes())
    replace_file(settings, changed.encode())


class _Target:
    """The database that HQ moves to."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.place = engine.url.render_as_string()

    def begin(self) -> AbstractContextManager[Connection]:
        return self.engine.execution_options(sitegate_write=True).begin()

    def close(self) -> None:
        self.engine.dispose()


def _move(store: Store, target: _Target, moved: Callable[[str, int], None]) -> None:
    here = store.engine.url.render_as_string()
    with store.write() as old:
        state = database_state(old)
        if state is not None and state != (DatabaseState.MOVED, target.place):
            raise BackupError(f"this database is {state[0].value}: {state[1]}")
        if state is None:
            tables = copied_tables()
            hold_writers(old, tables)
            with target.begin() as new:
                _clear_unfinished(new, target.place)
                migrate(new, None)
                for table in tables:
                    moved(table.name, _copy(old, new, table.name).rows)
                count_on(new, tables)
                set_state(new, DatabaseState.ARRIVING, here, now())
            set_state(old, DatabaseState.MOVED, target.place, now())
            refuse_writers(old, tables)
    with target.begin() as new:
        set_state(new, None, "", now())


def _copy(old: Connection, new: Connection, name: str) -> TableSum:
    """Copy a table, and compare. Raises BackupError."""
    table, read = t.metadata.tables[name], TableSum()
    for piece in pieces(old, table):
        read = read.plus(piece)
        add_lines(new, table, columns(table), piece)
    if table_sum(new, table) != read:
        raise BackupError(f"the table {name} is not the same in the new database: nothing was moved")
    return read


def _clear_unfinished(new: Connection, place: str) -> None:
    """Remove what an interrupted move left. Raises BackupError if the database is in other use."""
    state = database_state(new)
    if state is None or state[0] is not DatabaseState.ARRIVING:
        return require_empty(new, place)
    found = MetaData()
    found.reflect(new, only=[name for name in inspect(new).get_table_names() if _ours(name)])
    found.drop_all(new)
    return None


def _ours(name: str) -> bool:
    return name in t.metadata.tables or name == "alembic_version"
