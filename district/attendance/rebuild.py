"""Make all stays and days again from the passages."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models, transaction

from district.attendance.models import Day, Stay
from district.attendance.projection import insert_into, seconds_of
from district.attendance.projection_sql import DAY_COLUMNS, STAY, Dialect, select_days, select_stays
from district.attendance.rebuild_postgres import rebuild_beside


def rebuild() -> tuple[int, int]:
    """Make all stays and days again. Return how many there are of each.

    On PostgreSQL readers see the old rows until the end, and writers of passages wait. On SQLite all of it is one
    transaction: pages are readable meanwhile, changes wait.
    """
    if connection.vendor == "postgresql" and not connection.in_atomic_block:
        return rebuild_beside()
    with transaction.atomic(), connection.cursor() as cursor:
        for model in (Day, Stay):
            cursor.execute(f"DELETE FROM {model._meta.db_table}")
        stays = _filled(cursor, Stay, STAY, select_stays(Dialect.of(connection)), [seconds_of(None)])
        days = _filled(cursor, Day, DAY_COLUMNS, select_days())
    return stays, days


def _filled(cursor: Any, model: type[models.Model], columns: list[str], select: str, params: Sequence[Any] = ()) -> int:
    """Fill an empty table without its indexes: with them it takes twice as long."""
    editor = connection.schema_editor(collect_sql=True)
    for index in model._meta.indexes:
        cursor.execute(f"DROP INDEX {index.name}")
    insert_into(cursor, model._meta.db_table, columns, select, params)
    count = int(cursor.rowcount)
    for index in model._meta.indexes:
        cursor.execute(str(index.create_sql(model, editor)))
    return count
