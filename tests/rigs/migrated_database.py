"""Migrate one SQLite database for all processes of a test run. The others copy it, which is ten times faster."""

import fcntl
import gc
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core import management
from django.db import connection


@contextmanager
def migrated_once(folder: Path) -> Iterator[None]:
    """While this holds, Django's test database is a copy of the one in the folder. The first process makes that."""
    call = management.call_command
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(management, "call_command", lambda *words, **options: _called(folder, call, *words, **options))
        yield


def shared_folder(base: Path) -> Path:
    """Return the folder that all processes of this test run share."""
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def _called(folder: Path, call: Callable[..., Any], *words: Any, **options: Any) -> None:
    if words[0] != "migrate":
        call(*words, **options)
        return
    if connection.vendor != "sqlite":
        _migrate(call, *words, **options)
        return
    kept = folder / "migrated.db"
    connection.ensure_connection()
    with (folder / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _migrate(call, *words, **options)
            with closing(sqlite3.connect(kept.with_suffix(".made"))) as copy:
                connection.connection.backup(copy)
            kept.with_suffix(".made").rename(kept)
            return
    with closing(sqlite3.connect(kept)) as copy:
        copy.backup(connection.connection)


def _migrate(call: Callable[..., Any], *words: Any, **options: Any) -> None:
    """Migrate without looking for garbage in the thousands of classes that Django makes."""
    gc.disable()
    try:
        call(*words, **options)
    finally:
        gc.enable()
