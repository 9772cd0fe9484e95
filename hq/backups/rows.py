"""Rows of tables as JSON lines: the same for SQLite and PostgreSQL, with a sum that shows any difference."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, insert, select, text

from hq.database import tables as t
from hq.database.column_types import UtcTime

ROWS, BYTES = 1_000, 4 * 1024 * 1024
"""Rows, and about how many bytes, that are held at once."""
LEFT_OUT = frozenset({"leases", "database_states"})
"""Tables about one running database alone."""


@dataclass(frozen=True, slots=True)
class TableSum:
    """Number of rows, and the sum of their SHA-256, in any order."""

    rows: int = 0
    digest: int = 0

    def plus(self, lines: Iterable[bytes]) -> "TableSum":
        rows, digest = self.rows, self.digest
        for line in lines:
            rows, digest = rows + 1, (digest + int.from_bytes(hashlib.sha256(line).digest(), "big")) % 2**256
        return TableSum(rows, digest)


def copied_tables(metadata: MetaData = t.metadata) -> list[Table]:
    """Return the tables that a backup or a move copies."""
    return [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]


def pieces(db: Connection, table: Table) -> Iterator[list[bytes]]:
    """Read a table as lines, in pieces of bounded size."""
    wanted = select(table).execution_options(stream_results=True, yield_per=ROWS)
    piece: list[bytes] = []
    size = 0
    for row in db.execute(wanted):
        piece.append(_line(row))
        size += len(piece[-1])
        if len(piece) == ROWS or size > BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def columns(table: Table) -> list[str]:
    """Name the columns in the order of a line's values."""
    return [column.name for column in table.columns]


def add_lines(db: Connection, table: Table, names: Sequence[str], lines: Iterable[bytes]) -> None:
    """Insert rows from lines. `names`: the columns of their values."""
    rows = [_row(table, names, json.loads(line)) for line in lines]
    if rows:
        db.execute(insert(table), rows)


def table_sum(db: Connection, table: Table) -> TableSum:
    """Sum a table up as it is in the database."""
    found = TableSum()
    for piece in pieces(db, table):
        found = found.plus(piece)
    return found


def count_on(db: Connection, tables: Iterable[Table]) -> None:
    """Let counted ids go on after the highest. SQLite does so by itself."""
    if db.dialect.name != "postgresql":
        return
    for table in tables:
        key = list(table.primary_key.columns)
        if len(key) == 1 and key[0].name == "id":
            found = db.execute(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": table.name}).scalar()
            highest = db.execute(select(func.max(key[0]))).scalar()
            if found and highest:
                db.execute(text("SELECT setval(:name, :highest)"), {"name": found, "highest": highest})


def _line(row: Iterable[Any]) -> bytes:
    return json.dumps([_written(value) for value in row], separators=(",", ":")).encode()


def _written(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return {"b": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"t": (value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value).isoformat()}
    return value


def _row(table: Table, names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return {name: _read(table, name, value) for name, value in zip(names, values, strict=True)}


def _read(table: Table, name: str, value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    if "b" in value:
        return base64.b64decode(value["b"])
    utc = datetime.fromisoformat(value["t"])
    return utc.replace(tzinfo=UTC) if isinstance(table.c[name].type, UtcTime) else utc
