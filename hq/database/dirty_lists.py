"""Lists that changed since they were published. Each change of people, risk lists or policies marks them.

Functions run in the caller's transaction, so a change and its mark are stored together or not at all.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from contract.messages import ListKind
from hq.database import tables as t
from hq.database.published_lists import ListKey


def mark(db: Connection, site_ids: Iterable[str], kind: ListKind) -> None:
    """Mark a list of these sites as changed."""
    rows = [{"site_id": site_id, "kind": kind.value, "marks": 1} for site_id in sorted(set(site_ids))]
    if not rows:
        return
    dialect: Any = postgresql if db.dialect.name == "postgresql" else sqlite
    again = dialect.insert(t.dirty_lists)
    more = {"marks": t.dirty_lists.c.marks + 1}
    db.execute(again.on_conflict_do_update(index_elements=["site_id", "kind"], set_=more), rows)


def dirty(db: Connection) -> dict[ListKey, int]:
    """Read the marked lists, with their marks."""
    found = db.execute(select(t.dirty_lists).order_by(t.dirty_lists.c.site_id, t.dirty_lists.c.kind))
    return {(row.site_id, ListKind(row.kind)): row.marks for row in found}


def marks_of(db: Connection, site_id: str, kind: ListKind) -> int:
    """Count the marks of one list."""
    columns = t.dirty_lists.c
    return db.execute(select(columns.marks).where(columns.site_id == site_id, columns.kind == kind.value)).scalar() or 0


def take_off(db: Connection, site_id: str, kind: ListKind, marks: int) -> None:
    """Remove the marks of a list that was published, unless it was marked again since they were counted."""
    columns = t.dirty_lists.c
    same = (columns.site_id == site_id, columns.kind == kind.value, columns.marks <= marks)
    db.execute(delete(t.dirty_lists).where(*same))
