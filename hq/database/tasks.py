"""Tasks that are left for the one HQ process that publishes, with how often each was requested."""

from typing import Any

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from hq.database import tables as t
from hq.database.store import insert_new

READ_NEWER_EVENTS = "read newer events"
"""Read the stored events of a newer version, at the first start after an update. Without it a start reads no events."""


def add_task(db: Connection, what: str) -> None:
    """Request a task. It exists as soon as this transaction is committed."""
    dialect: Any = postgresql if db.dialect.name == "postgresql" else sqlite
    again = dialect.insert(t.pending).values(what=what, asked=1)
    db.execute(again.on_conflict_do_update(index_elements=["what"], set_={"asked": t.pending.c.asked + 1}))


def task_count(db: Connection, what: str) -> int:
    """Count how often a task was requested since it was last finished."""
    return db.execute(select(t.pending.c.asked).where(t.pending.c.what == what)).scalar() or 0


def finish_task(db: Connection, what: str, count: int) -> None:
    """Remove a task that was carried out, unless it was requested again since it was counted."""
    db.execute(delete(t.pending).where(t.pending.c.what == what, t.pending.c.asked == count))


def numbered_tasks(db: Connection, prefix: str) -> dict[int, int]:
    """List tasks of the form `prefix` and a number: number -> count, in ascending order."""
    rows = db.execute(select(t.pending).where(t.pending.c.what.startswith(prefix)))
    return dict(sorted((int(row.what.removeprefix(prefix)), row.asked) for row in rows))


def keep_numbered_task(db: Connection, prefix: str, number: int, count: int) -> None:
    """Add such a task with its count, unless it exists."""
    insert_new(db, t.pending, what=f"{prefix}{number}", asked=count)


def replace_numbered_task(db: Connection, prefix: str, number: int, count: int = 0) -> None:
    """Set the count of such a task; 0 removes it."""
    db.execute(delete(t.pending).where(t.pending.c.what == f"{prefix}{number}"))
    if count:
        db.execute(insert(t.pending).values(what=f"{prefix}{number}", asked=count))
