"""PROMISE: another process of the machine reads and runs nothing of the district."""

import os
from pathlib import Path

import pytest

from district.commands.context import keep_private


@pytest.fixture
def usual_umask() -> object:
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_fail__other_users_read_nothing_in_the_folder(usual_umask: object, tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    for name in ("district.toml", "district.db", "district.db-wal", "district.db-shm", "mail/1.log"):
        (tmp_path / name).write_text("names")
    keep_private(tmp_path)
    (tmp_path / "district.db-journal").write_text("names")
    open_to_others = [path.name for path in (tmp_path, *tmp_path.rglob("*")) if path.stat().st_mode & 0o077]
    assert open_to_others == []
