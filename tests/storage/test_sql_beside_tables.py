"""SQL that names a table stands only in the file that owns it: other files ask a function, so that a column has one
home."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SQL = re.compile(
    r"\b(SELECT|INSERT|REPLACE INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|PRAGMA|BEGIN|COMMIT|ROLLBACK|VACUUM)\b"
)
TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE|TABLE(?: IF NOT EXISTS)?|ON|table_info)[ (]+['\"]?([a-z_]+)")
OWNERS = {
    "edge/storage/journal_tables.py": {"journal", "refs", "marks", "live"},
    "edge/storage/journal_events.py": {"events", "journal"},
    # Questions of people about the past. They only read, and would make the file above too long.
    "edge/storage/journal_history.py": {"events"},
    "edge/storage/desk_tables.py": {"requests", "audit", "accounts", "sqlite_sequence"},
    "edge/storage/visitor_tables.py": {"visitors", "acknowledged", "sqlite_master"},
    "edge/storage/kept_screen_tables.py": {"kept_screens"},
    "edge/storage/score_store.py": {"days"},
    "edge/replica/list_tables.py": {"replica", "list_versions", "list_parts", "list_deltas", "sqlite_master"},
    "edge/replica/message_tables.py": {"acks", "commands", "incidents", "link", "serials"},
    "edge/storage/untrusted_database.py": {"sqlite_master"},
    # The bench measures SQLite itself, in a file of its own.
    "edge/tools/bench/events.py": {"events"},
}
WITHOUT_TABLES = {
    "edge/storage/sqlite_file.py",
    "edge/storage/retention.py",
    "edge/storage/database_reader.py",
    # It holds the lock on purpose.
    "edge/tools/bench/safety.py",
}
"""Files with SQL on the database as a whole: transactions and pragmas."""


def test_ok__sql_stands_beside_its_tables() -> None:
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "edge").rglob("*.py")):
        name = str(path.relative_to(ROOT))
        for text in _sql_in(path):
            found.setdefault(name, set()).update(TABLE.findall(text))
    strange = {name: tables - OWNERS.get(name, set()) for name, tables in found.items() if name not in WITHOUT_TABLES}
    assert not {name for name in strange if name not in OWNERS}, "ask a function of the file that owns the table"
    assert not {name: tables for name, tables in strange.items() if tables}, "another file owns these tables"
    assert not {name: found[name] for name in WITHOUT_TABLES & found.keys() if found[name]}, "no table here"
    assert found.keys() >= OWNERS.keys(), "an owner without SQL"


def test_ok__each_table_has_one_owner() -> None:
    tables = [table for owned in OWNERS.values() for table in owned]
    shared = {table for table in tables if tables.count(table) > 1}
    # An event is stored only behind the newest one, which may be the journal's base: one statement on both tables.
    assert shared == {"journal", "events", "sqlite_master"}


def _sql_in(path: Path) -> list[str]:
    """The texts of a file that look like SQL, without docstrings. Of a formatted text, the fixed parts."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    texts = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            texts.append("".join(part.value for part in node.values if isinstance(part, ast.Constant)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            texts.append(node.value)
    return [text for text in texts if SQL.search(text)]
