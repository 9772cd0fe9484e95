"""Restore a backup into a new folder and an empty database. Nothing is there until all of it was checked."""

import os
import shutil
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.exc import SQLAlchemyError

from hq import config as settings
from hq.backups.archive import Contents, Piece, read_archive
from hq.backups.rows import add_lines, copied_tables, count_on, table_sum
from hq.backups.schema import make_tables, require_empty
from hq.backups.sealed_file import BackupError
from hq.config import FILE_NAME, HqConfig, HqConfigError
from hq.database.errors import StoreError, plain_errors, plainly
from hq.database.store import make_engine

_URL = "database_url"


def check_backup(path: Path, passphrase: str) -> Contents:
    """Read a whole backup, and compare every sum. Raises BackupError."""
    last: Contents | None = None
    for item in read_archive(path, passphrase):
        if isinstance(item, Contents):
            last = item
    assert last is not None  # the reader ends with it
    return last


def restore(path: Path, passphrase: str, folder: Path, url: str | None, then: Callable[[Path, Contents], None]) -> None:
    """Restore a backup. `url`: another database than hq.toml's. `then`: called before the folder gets its name.

    Raises BackupError: then neither the folder nor anything in the database is there.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is in use: name a new folder")
    contents = check_backup(path, passphrase)
    if FILE_NAME not in contents.files:
        raise BackupError(f"the backup holds no {FILE_NAME}: it is no backup of a folder")
    made = folder.with_name(f".{folder.name}.restoring")
    try:
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(mode=0o700, parents=True)
        _write_files(made, contents, url)
        config = settings.load(made)
        _fill(config, path, passphrase)
        then(made, contents)
        if folder.exists():
            folder.rmdir()
        made.rename(folder)
    except (OSError, HqConfigError, StoreError) as error:
        raise BackupError(f"not restored: {error}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def with_database_url(text: str, url: str) -> str:
    """Return the text of hq.toml with another `database_url`. Raises BackupError."""
    line = f"{_URL} = {_quoted(url)}"
    lines = text.splitlines()
    sections = [number for number, one in enumerate(lines) if one.lstrip().startswith("[")]
    top = sections[0] if sections else len(lines)
    at = [number for number in range(top) if lines[number].partition("=")[0].strip() == _URL]
    if at:
        lines[at[0]] = line
    else:
        lines.insert(0, line)
    changed = "\n".join(lines) + "\n"
    try:
        before, after = tomllib.loads(text), tomllib.loads(changed)
    except tomllib.TOMLDecodeError as error:
        raise BackupError(f"{FILE_NAME} cannot be changed ({error}): write {line} into it") from error
    if {**before, _URL: url} != after:
        raise BackupError(f"{FILE_NAME} cannot be changed by this command: write {line} into it")
    return changed


@contextmanager
def filling(url: str) -> Iterator[Connection]:
    """Open an empty database in one transaction. Raises BackupError if it is not empty, StoreError."""
    engine: Engine | None = None
    try:
        engine = make_engine(url)
        with plain_errors(), engine.execution_options(sitegate_write=True).begin() as db:
            require_empty(db, engine.url.render_as_string())
            yield db
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        raise StoreError(plainly(error, "the URL of the database")) from error
    finally:
        if engine is not None:
            engine.dispose()


def _fill(config: HqConfig, path: Path, passphrase: str) -> None:
    """Fill the database, in one transaction, and compare it with the backup."""
    with filling(config.url) as db:
        tables: MetaData | None = None
        contents: Contents | None = None
        for item in read_archive(path, passphrase):
            if isinstance(item, Contents):
                contents = item
                tables = tables or make_tables(db, item.about.revision)
            else:
                assert tables is not None  # the reader begins with the contents
                _add_piece(db, tables, item)
        assert tables is not None and contents is not None
        count_on(db, copied_tables(tables))
        for table in copied_tables(tables):
            if table.name in contents.sums and table_sum(db, table) != contents.sums[table.name]:
                raise BackupError(f"the table {table.name} is not as in the backup: check the database's disk")


def _add_piece(db: Connection, tables: MetaData, piece: Piece) -> None:
    if piece.table not in tables.tables:
        raise BackupError(f"the backup holds a table {piece.table}, which this version does not know")
    add_lines(db, tables.tables[piece.table], piece.names, piece.lines)


def _write_files(folder: Path, contents: Contents, url: str | None) -> None:
    for name, data in contents.files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            if name == FILE_NAME and url is not None:
                data = with_database_url(data.decode("utf-8-sig"), url).encode()
            file.write(data)


def _quoted(url: str) -> str:
    if any(mark in url for mark in '"\\\n'):
        raise BackupError("the URL of a database holds no quotation mark, backslash or line end")
    return f'"{url}"'
