"""Queries whose SQL is made once in a process. For a short answer Django takes longer to write the SQL than the
database to run it: a worker's declaration, and the head of each page, ask such questions.
"""

from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection, models
from django.db.models import Expression
from django.db.models.sql.compiler import SQLCompiler


class Given(Expression):
    """A value of a prepared query that is known only when it runs."""

    def __init__(self, name: str, field: "models.Field[Any, Any]") -> None:
        """`field`: writes the value as the database takes it."""
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        """Write a place for the value."""
        return "%s", [self]


class PreparedQuery:
    """A query of `values_list`, with `Given` where a value comes later.

    It must not depend on anything else that changes. A date or a list of keys inside would stay as it was.
    """

    def __init__(self, make: "Callable[[], models.QuerySet[Any, Any]]") -> None:
        """`make` is called at the first use."""
        self._make = make
        self._made: dict[str, tuple[str, Sequence[Any], Any]] = {}

    def rows(self, **given: Any) -> list[Sequence[Any]]:
        """Return the rows for these values."""
        made = self._made.get(connection.vendor)
        if made is None:
            made = self._made[connection.vendor] = self._compiled()
        sql, places, converted = made
        values = [
            one.output_field.get_db_prep_value(given[one.name], connection) if isinstance(one, Given) else one
            for one in places
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found: list[Sequence[Any]] = cursor.fetchall()
        return found if converted is None else list(converted(found))

    def first(self, **given: Any) -> Sequence[Any] | None:
        """Return the first row."""
        return next(iter(self.rows(**given)), None)

    def _compiled(self) -> tuple[str, Sequence[Any], Any]:
        compiler: Any = self._make().query.get_compiler(connection=connection)
        sql, places = compiler.as_sql()
        converters = compiler.get_converters([column for column, _sql, _name in compiler.select])
        if not converters:
            return sql, places, None
        return sql, places, lambda rows: compiler.apply_converters(rows, converters)


def columns_of(model: type[models.Model], way: str = "") -> list[str]:
    """Return the names of a model's columns for `values_list`. `way`: that to it, with `__` at its end."""
    return [f"{way}{field.attname}" for field in model._meta.concrete_fields]


def from_columns(model: type[models.Model], values: Sequence[Any]) -> Any:
    """Return an object of what `columns_of` brought."""
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(connection.alias, names, values)
