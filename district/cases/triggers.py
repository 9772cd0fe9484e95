"""The database's own guard of cases' history: rows are added and never changed.

A later migration that changes the table on SQLite rebuilds it without triggers: it calls `make` again.
"""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "cases_casestep"
REFUSAL = "the history of a case is only added to"
_NAME = "cases_casestep_fixed"
_SQLITE = (f"CREATE TRIGGER {_NAME} BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",)
_POSTGRES = (
    "CREATE OR REPLACE FUNCTION cases_casestep_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$",
    f"CREATE TRIGGER {_NAME} BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION cases_casestep_refuse()",
)


def make(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the trigger, in a migration."""
    for statement in _SQLITE if schema_editor.connection.vendor == "sqlite" else _POSTGRES:
        schema_editor.execute(statement)


def drop(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the trigger away, in a migration backwards."""
    on = "" if schema_editor.connection.vendor == "sqlite" else f" ON {TABLE}"
    schema_editor.execute(f"DROP TRIGGER IF EXISTS {_NAME}{on}")
