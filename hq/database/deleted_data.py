"""Remove deleted rows from the files of the database."""

from sqlalchemy import Engine, text

_REWRITTEN = ("templates", "list_parts", "list_bases", "enrolments")
"""Small tables with templates. PostgreSQL rewrites them, because deleted rows stay in their pages."""
_VACUUMED = ("events", "quarantine", "workers", "directory_entries", "risk_entries", "people_changes")


def clear_deleted(engine: Engine) -> bool:
    """Overwrite what was encrypted, erased or deleted, which the files still show.

    Return False if a reader prevents it.
    """
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
