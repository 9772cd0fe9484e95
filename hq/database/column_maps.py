"""Column maps of sheets that were imported: what somebody said about a set of headings. In the caller's transaction."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from hq.database import tables as t


def saved_columns(db: Connection, headings: Sequence[str]) -> dict[str, str]:
    """Return field -> heading, as saved for these headings; empty if nothing was."""
    maps = t.column_maps.c
    found = db.execute(select(maps.columns).where(maps.headings == _digest(headings))).scalar()
    return dict(json.loads(found)) if found else {}


def save_columns(db: Connection, headings: Sequence[str], columns: Mapping[str, str], utc: datetime) -> None:
    """Save field -> heading for these headings."""
    digest = _digest(headings)
    db.execute(delete(t.column_maps).where(t.column_maps.c.headings == digest))
    db.execute(insert(t.column_maps).values(headings=digest, columns=json.dumps(dict(columns)), saved_utc=utc))


def _digest(headings: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(headings).encode()).hexdigest()
