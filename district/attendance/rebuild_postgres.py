"""Rebuild stays and days on PostgreSQL: into new tables beside the old ones, by several connections at once.

A window over 24 million passages uses one processor. So each connection takes a part of the people. At the end the new
tables take the names of the old ones, in one short transaction. If it ends before, the old tables are as they were.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections, models, transaction

from district.attendance.models import Day, Stay
from district.attendance.projection import insert_into, seconds_of
from district.attendance.projection_sql import DAY_COLUMNS, STAY, Dialect, select_days, select_stays

NEW = "_new"
PARTS_MAX = 8
MEMORY = "SET work_mem = '256MB'; SET maintenance_work_mem = '256MB'"
_TABLES: tuple[type[models.Model], ...] = (Stay, Day)


def rebuild_beside() -> tuple[int, int]:
    """Make all stays and days again. Return how many there are of each. Writers of passages wait meanwhile."""
    parts = max(1, min(os.cpu_count() or 1, PARTS_MAX))
    now = seconds_of(None)
    dialect = Dialect.of(connection)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE attendance_passage IN SHARE MODE")
        _together(_prepare(model) for model in _TABLES)
        stays = _together(_insert(Stay, STAY, select_stays(dialect, part=(parts, part)), now) for part in range(parts))
        days = _together(
            _insert(Day, DAY_COLUMNS, select_days(stays=f"attendance_stay{NEW}", part=(parts, part)))
            for part in range(parts)
        )
        _together(_run(statement) for model in _TABLES for statement in _indexes(model))
        for model in _TABLES:
            _take_over(cursor, model)
    return sum(stays), sum(days)


def _together(works: Iterable[Callable[[Any], int]]) -> list[int]:
    """Do pieces of work at the same time, each in a connection of its own."""
    with ThreadPoolExecutor(PARTS_MAX) as pool:
        return list(pool.map(_with_connection, list(works)))


def _with_connection(work: Callable[[Any], int]) -> int:
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(MEMORY)
            return work(cursor)
    finally:
        connections["default"].close()


def _prepare(model: type[models.Model]) -> Callable[[Any], int]:
    table = model._meta.db_table
    return _run(
        f"DROP TABLE IF EXISTS {table}{NEW};"
        f" CREATE TABLE {table}{NEW} (LIKE {table} INCLUDING DEFAULTS INCLUDING IDENTITY)"
    )


def _insert(model: type[models.Model], columns: list[str], select: str, *params: Any) -> Callable[[Any], int]:
    def work(cursor: Any) -> int:
        insert_into(cursor, f"{model._meta.db_table}{NEW}", columns, select, params)
        return int(cursor.rowcount)

    return work


def _run(statement: str) -> Callable[[Any], int]:
    def work(cursor: Any) -> int:
        cursor.execute(statement)
        return 0

    return work


def _indexes(model: type[models.Model]) -> list[str]:
    """Return what makes the indexes and unique constraints of the old table on the new one."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s", [table])
        return [
            definition.replace(f" INDEX {name} ", f" INDEX {name}{NEW} ").replace(f".{table} ", f".{table}{NEW} ")
            for name, definition in cursor.fetchall()
        ]


def _take_over(cursor: Any, model: type[models.Model]) -> None:
    """Let the new table take the place of the old one, with the names of its indexes and constraints."""
    table = model._meta.db_table
    cursor.execute(
        "SELECT i.relname, c.conname, c.contype FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
        " JOIN pg_class t ON t.oid = x.indrelid LEFT JOIN pg_constraint c ON c.conindid = i.oid AND c.conrelid = t.oid"
        " WHERE t.relname = %s AND pg_table_is_visible(t.oid)",
        [table],
    )
    found = cursor.fetchall()
    cursor.execute(f"DROP TABLE {table}")
    cursor.execute(f"ALTER TABLE {table}{NEW} RENAME TO {table}")
    for index, constraint, kind in found:
        cursor.execute(f'ALTER INDEX "{index}{NEW}" RENAME TO "{index}"')
        if constraint is not None:
            words = "PRIMARY KEY" if kind == "p" else "UNIQUE"
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{constraint}" {words} USING INDEX "{index}"')
