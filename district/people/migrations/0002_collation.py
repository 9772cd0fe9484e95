"""Sort and find names byte by byte on PostgreSQL, as SQLite does. Ranges of prefixes and pages by key depend on it."""

from django.db import migrations

COLUMNS = (
    ("people_person", "name", 80),
    ("people_person", "pinyin", 160),
    ("people_person", "joined", 160),
    ("people_person", "initials", 40),
    ("people_personscope", "pinyin", 160),
    ("people_personemployer", "pinyin", 160),
)


def _collate(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, column, length in COLUMNS:
        schema_editor.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE varchar({length}) COLLATE "C"')


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]
    operations = [migrations.RunPython(_collate, migrations.RunPython.noop, elidable=False)]
