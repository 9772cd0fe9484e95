"""The full hour that follows a moment, as the database counts it."""

from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, Func


class HourFrom(Func):
    """The number of the first full hour at or after a moment, counted from a start. Before the start: at most 0."""

    output_field = BigIntegerField()
    template = "((CAST(CEIL(date_part('epoch', %(expressions)s)) AS bigint) - %(start)s + 3599) / 3600)"

    def __init__(self, column: str, start: datetime) -> None:
        super().__init__(column, start=int(start.timestamp()))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Return the SQL for SQLite, whose times are texts."""
        seconds = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        return self.as_sql(compiler, connection, template=f"(({seconds} - %(start)s + 3599) / 3600)", **context)
