"""The database's own guard of the audit record: rows are added, never changed or removed.

SQLite's `INSERT OR REPLACE` removes a row without its delete trigger, if `recursive_triggers` is off. So a trigger also
refuses a row whose key is taken.
"""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "audit_entry"
REFUSAL = "the audit record is only added to"
_SQLITE = {
    "audit_entry_kept": f"BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    "audit_entry_fixed": f"BEFORE UPDATE ON {TABLE} BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END",
    "audit_entry_new": (
        f"BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id"
        f" OR (chain = NEW.chain AND seq = NEW.seq)) BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    ),
}
_POSTGRES = {
    "audit_entry_kept": f"BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()",
    "audit_entry_whole": f"BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
}
_FUNCTION = (
    "CREATE OR REPLACE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$"
)


def triggers_of(vendor: str) -> dict[str, str]:
    """Return name and body of each trigger, for `sqlite` or `postgresql`."""
    return _SQLITE if vendor == "sqlite" else _POSTGRES


def make_statements(vendor: str) -> list[str]:
    """Return what makes the triggers."""
    made = [f"CREATE TRIGGER {name} {body}" for name, body in triggers_of(vendor).items()]
    return made if vendor == "sqlite" else [_FUNCTION, *made]


def drop_statements(vendor: str) -> list[str]:
    """Return what takes them away, for tests that empty the database."""
    on = "" if vendor == "sqlite" else f" ON {TABLE}"
    return [f"DROP TRIGGER IF EXISTS {name}{on}" for name in triggers_of(vendor)]


def make(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Make the triggers, in a migration."""
    for statement in make_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def drop(_apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the triggers away, in a migration backwards."""
    for statement in drop_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of triggers that somebody took away or disabled."""
    query = (
        f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{TABLE}'"
        if connection.vendor == "sqlite"
        else f"SELECT tgname FROM pg_trigger WHERE tgrelid = '{TABLE}'::regclass AND tgenabled IN ('O', 'A')"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {name for (name,) in cursor.fetchall()}
    return sorted(set(triggers_of(connection.vendor)) - present)
