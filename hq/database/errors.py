"""Errors of the database, in words that say what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError


class StoreError(RuntimeError):
    """The database cannot be used. The text says why and what to do."""


class DatabaseAway(StoreError):
    """The server is unreachable, or the disk refuses to write. Nothing was stored; a later attempt may succeed."""


class ValueRefused(StoreError):
    """The database works, but cannot hold this value. Nothing was stored; a later attempt fails too."""


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors of the driver into one sentence each.

    Raises:
        DatabaseAway: the server is gone, the disk is full or the file is damaged.
        ValueRefused: a value does not fit.
        StoreError: anything else that the driver reports.
    """
    try:
        yield
    except IntegrityError:  # a rule of ours, not the state of the database
        raise
    except (InterfaceError, OperationalError) as error:
        raise DatabaseAway(plainly(error, "database_url in hq.toml")) from error
    except DataError as error:
        raise ValueRefused(plainly(error, "the value")) from error
    except DBAPIError as error:
        raise StoreError(plainly(error, "database_url in hq.toml")) from error


def plainly(error: Exception, setting: str) -> str:
    """Say why a database cannot be used, and what to do. `setting`: where its URL is configured."""
    if isinstance(error, ModuleNotFoundError):
        return f"{error.name} is not installed; for PostgreSQL run: pip install 'sitegate[postgres]'"
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if "malformed" in reason or "not a database" in reason:
        return (
            f"the database is damaged: {reason}; put a backup in its place, the gates send again what they still hold"
        )
    return f"the database refuses: {reason}; check {setting}, free space, and that the server runs"
