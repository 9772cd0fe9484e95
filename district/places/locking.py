"""Lets the tree change only while nobody writes rows that were made from its paths.

A transaction may read a path before a move, and store rows after it. It would show people to the former branch.
"""

from django.db import connection

_TREE = 0x73674731
"""The lock's number on PostgreSQL. SQLite has one writer at a time, and needs no lock."""


def keep_tree() -> None:
    """Let no place move until this transaction ends. Others may keep the tree at the same time."""
    _lock("pg_advisory_xact_lock_shared")


def change_tree() -> None:
    """Wait for those who keep the tree, and let others wait until this transaction ends."""
    _lock("pg_advisory_xact_lock")


def _lock(function: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s)", [_TREE])
