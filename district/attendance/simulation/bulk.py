"""Write many rows at once: binary COPY on PostgreSQL, many rows a statement on SQLite."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import repeat
from typing import Any

import numpy as np
from django.db import connection

_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_EPOCH = np.datetime64("2000-01-01T00:00:00", "us")
"""PostgreSQL counts microseconds from here."""


def write_block(table: str, columns: Mapping[str, Any]) -> None:
    """Write rows. A column is an array of integers, of moments in UTC, of booleans, or one text for all rows."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)") as copy:
                copy.write(_binary(columns))
        else:
            marks = ", ".join(["?"] * len(columns))
            rows = zip(*(_values(column) for column in columns.values()), strict=False)
            cursor.cursor.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


@contextmanager
def unindexed(table: str) -> Iterator[None]:
    """Let a table have no indexes and no foreign keys meanwhile: with them 24 million rows take an hour."""
    with connection.cursor() as cursor:
        drops, makes = _postgres(cursor, table) if connection.vendor == "postgresql" else _sqlite(cursor, table)
        for statement in drops:
            cursor.execute(statement)
        yield
        for statement in makes:
            cursor.execute(statement)


def prepared() -> None:
    """Let the database know how many rows there are, for its plans. PostgreSQL also notes which pages it may skip."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _binary(columns: Mapping[str, Any]) -> bytes:
    """Return rows as COPY's binary format wants them: each value behind its length, all in network order."""
    count = next(len(column) for column in columns.values() if not isinstance(column, str))
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    filled: dict[str, Any] = {"fields": len(columns)}
    for name, column in columns.items():
        kind, values = _stored(column)
        fields += [(f"{name}-length", ">i4"), (name, kind)] if kind else [(f"{name}-length", ">i4")]
        filled |= {f"{name}-length": np.dtype(kind).itemsize if kind else 0, **({name: values} if kind else {})}
    rows = np.zeros(count, np.dtype(fields))
    for name, values in filled.items():
        rows[name] = values
    return _HEADER + rows.tobytes() + _TRAILER


def _stored(column: Any) -> tuple[str, Any]:
    """Return the type of a column in the binary format, "" for an empty text, and its values."""
    if isinstance(column, str):
        text = column.encode()
        return (f"S{len(text)}" if text else ""), text
    match column.dtype.kind:
        case "M":
            return ">i8", (column.astype("datetime64[us]") - _EPOCH).astype(np.int64)
        case "b":
            return "i1", column
        case _:
            return ">i8", column


def _values(column: Any) -> Any:
    """Return the values of a column as SQLite stores them."""
    if isinstance(column, str):
        return repeat(column)
    if column.dtype.kind == "M":
        return (text.replace("T", " ") for text in np.datetime_as_string(column, unit="s").tolist())
    return column.tolist()


def _postgres(cursor: Any, table: str) -> tuple[list[str], list[str]]:
    """Return what removes the indexes and foreign keys of a table, and what makes them again."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype IN ('f', 'u')",
        [table],
    )
    constraints = cursor.fetchall()
    cursor.execute(
        "SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid"
        " WHERE x.indrelid = %s::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid"
        " AND k.conrelid = x.indrelid)",
        [table],
    )
    indexes = cursor.fetchall()
    drops = [f'ALTER TABLE {table} DROP CONSTRAINT "{name}"' for name, _made in constraints]
    drops += [f'DROP INDEX "{name}"' for name, _made in indexes]
    makes = ["SET maintenance_work_mem = '512MB'", *(made for _name, made in indexes)]
    makes += [f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {made}' for name, made in constraints]
    return drops, makes


def _sqlite(cursor: Any, table: str) -> tuple[list[str], list[str]]:
    """Return the same for SQLite, whose foreign keys are switched off for the connection."""
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql > ''", [table])
    found = cursor.fetchall()
    off, on = "PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"
    return [off, *(f'DROP INDEX "{name}"' for name, _made in found)], [*(made for _name, made in found), on]
