"""Bring the tables of an earlier version to this version's shape."""

from importlib.resources import files

from sqlalchemy import Connection, inspect, text

from hq.database import tables as t
from hq.database.errors import StoreError
from hq.keys.keys import HqKeys

FIRST, NEWEST = "0001", "0012"
"""Revisions of the migrations: the tables before there were any, and the present ones."""


def migrate(db: Connection, keys: HqKeys | None) -> bool:
    """Create all tables in an empty database, otherwise run the missing migrations. Return whether any ran.

    Raises:
        StoreError: the database was made by a newer version.
    """
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
