"""Whether HQ goes on in another database. Functions run in the caller's transaction."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, Table, delete, insert, inspect, select, text

from hq.database import tables as t
from hq.database.errors import StoreError

_TEXT = "this database was moved, and HQ goes on in another one: see database_url in hq.toml"


class DatabaseState(StrEnum):
    """A state that prevents the use of a database."""

    MOVED = "moved"
    """HQ goes on in another database."""
    ARRIVING = "arriving"
    """A move to this database is not finished."""


def database_state(db: Connection) -> tuple[DatabaseState, str] | None:
    """Return the state and the other database; None if HQ works on this database."""
    if not inspect(db).has_table(t.database_states.name):
        return None
    row = db.execute(select(t.database_states)).first()
    return (DatabaseState(row.state), str(row.place)) if row else None


def require_in_use(db: Connection) -> None:
    """Raises StoreError unless HQ works on this database."""
    found = database_state(db)
    if found is not None and found[0] is DatabaseState.MOVED:
        raise StoreError(f"this database was moved to {found[1]}, where HQ goes on: set database_url in hq.toml")
    if found is not None:
        raise StoreError(f"the move to this database is not finished: run sitegate-hq move-to again, from {found[1]}")


def set_state(db: Connection, state: DatabaseState | None, place: str, utc: datetime) -> None:
    """Set the state, or (None) let HQ work on this database."""
    db.execute(delete(t.database_states))
    if state is not None:
        db.execute(insert(t.database_states).values(id=1, state=state.value, place=place[:1000], changed_utc=utc))


def hold_writers(db: Connection, tables: list[Table]) -> None:
    """Let all other writers wait for the end of this transaction. SQLite has one writer anyway."""
    if db.dialect.name == "postgresql":
        db.execute(text(f"LOCK TABLE {', '.join(table.name for table in tables)} IN EXCLUSIVE MODE"))


def refuse_writers(db: Connection, tables: list[Table]) -> None:
    """Refuse every further change of these tables. That holds for an HQ that has the database open, too."""
    if db.dialect.name == "postgresql":
        body = f"BEGIN RAISE EXCEPTION '{_TEXT}'; END"
        db.execute(text(f"CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"))
        for table in tables:
            db.execute(
                text(
                    f"CREATE TRIGGER moved BEFORE INSERT OR UPDATE OR DELETE ON {table.name} "
                    "FOR EACH STATEMENT EXECUTE FUNCTION moved()"
                )
            )
        return
    for table in tables:
        for what in ("INSERT", "UPDATE", "DELETE"):
            name = f"moved_{what.lower()}_{table.name}"
            body = f"BEGIN SELECT RAISE(ABORT, '{_TEXT}'); END"
            db.execute(text(f"CREATE TRIGGER {name} BEFORE {what} ON {table.name} {body}"))
