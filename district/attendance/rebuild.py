"""Make all stays and days again from the passages."""

from typing import Any

from django.db import connection, models, transaction

from district.attendance.models import Day, Stay
from district.attendance.projection import insert_into, seconds_of
from district.attendance.projection_sql import DAY_COLUMNS, STAY, Dialect, select_days, select_stays


def rebuild() -> tuple[int, int]:
    """Make all stays and days again, in one transaction. Return how many there are of each.

    Indexes are removed before and made afterwards: that takes half the time. Nothing else may write meanwhile; on
    PostgreSQL readers wait, too.
    """
    dialect = Dialect.of(connection)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '256MB'")
        for model in (Day, Stay):
            cursor.execute(f"{_emptying()} {model._meta.db_table}")
        stays = _filled(cursor, Stay, STAY, select_stays(dialect, touched=False), [seconds_of(None)])
        days = _filled(cursor, Day, DAY_COLUMNS, select_days(touched=False))
    return stays, days


def _filled(
    cursor: Any, model: type[models.Model], columns: list[str], select: str, params: list[Any] | None = None
) -> int:
    """Fill an empty table without its indexes."""
    editor = connection.schema_editor(collect_sql=True)
    for index in model._meta.indexes:
        cursor.execute(f"DROP INDEX {index.name}")
    insert_into(cursor, model._meta.db_table, columns, select, params)
    count = int(cursor.rowcount)
    for index in model._meta.indexes:
        cursor.execute(str(index.create_sql(model, editor)))
    return count


def _emptying() -> str:
    return "TRUNCATE" if connection.vendor == "postgresql" else "DELETE FROM"
