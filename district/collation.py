"""Make PostgreSQL compare a column byte by byte, as SQLite does.

The order of a language puts `~` before letters and ignores blanks. Ranges of paths, and lists that page by a key, need
the same order in both databases.
"""

from typing import Any

from django.db.migrations import RunPython


def bytewise(model: str, column: str) -> RunPython:
    """Return the step of a migration that gives a column the collation "C". `model`: such as `places.Place`."""

    def change(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        meta = apps.get_model(model)._meta
        kind = meta.get_field(column).db_type(schema_editor.connection)
        quote = schema_editor.quote_name
        name = quote(meta.get_field(column).column)
        schema_editor.execute(f'ALTER TABLE {quote(meta.db_table)} ALTER COLUMN {name} TYPE {kind} COLLATE "C"')

    return RunPython(change, RunPython.noop)
