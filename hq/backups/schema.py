"""Make the tables of an empty database that is to be filled, in the shape that the rows had."""

from importlib.resources import files

from sqlalchemy import Connection, MetaData, inspect, text

from hq.backups.sealed_file import BackupError
from hq.database import tables as t
from hq.database.migration import NEWEST, migrate


def revision(db: Connection) -> str:
    """Return the revision of a database's tables."""
    return str(db.scalar(text("SELECT version_num FROM alembic_version")))


def require_empty(db: Connection, place: str) -> None:
    """Raises BackupError if the database has tables."""
    if found := inspect(db).get_table_names():
        raise BackupError(f"{place} is not empty (it has the table {sorted(found)[0]}): name an empty database")


def make_tables(db: Connection, wanted: str) -> MetaData:
    """Make the tables of a revision, and return them. Raises BackupError for a newer one."""
    if wanted == NEWEST:
        migrate(db, None)
        return t.metadata
    from alembic import command  # slow to load, and seldom needed
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(files("hq.database") / "migrations"))
    config.attributes.update(connection=db, keys=None)
    try:
        command.upgrade(config, wanted)
    except CommandError as error:
        raise BackupError("the backup was made by a newer sitegate-hq: update this one first") from error
    found = MetaData()
    found.reflect(db)
    found.remove(found.tables["alembic_version"])
    return found
