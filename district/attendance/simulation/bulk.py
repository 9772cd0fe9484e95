"""Write many rows at once: COPY on PostgreSQL, many rows a statement on SQLite."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

CHUNK = 50_000


def write_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows of plain values; times are texts in UTC."""
    names = ", ".join(columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["?"] * len(columns))
            cursor.cursor.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def write_lines(table: str, columns: Sequence[str], text: str) -> None:
    """Write rows that are written as COPY wants them. PostgreSQL only."""
    with connection.cursor() as cursor, cursor.cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        copy.write(text)


def prepared() -> None:
    """Let the database know how many rows there are, for its plans."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
