"""Small files that are written whole."""

import os
import stat
from pathlib import Path

import pytest

from edge.system.atomic_write import owner_of, write_atomically


def test_ok__a_replaced_file_is_whole_readable_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "file.bin"
    write_atomically(path, b"old", 0o600)
    write_atomically(path, b"new", 0o644)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_ok__a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    other, path = tmp_path / "other", tmp_path / "file"
    other.write_bytes(b"kept")
    path.symlink_to(other)
    write_atomically(path, b"new", 0o600)
    assert other.read_bytes() == b"kept" and path.read_bytes() == b"new" and not path.is_symlink()


def test_fail__a_folder_in_the_way_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.mkdir()
    with pytest.raises(OSError):
        write_atomically(path, b"new", 0o600)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file to another user")
def test_ok__what_root_writes_belongs_to_the_owner_of_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    write_atomically(tmp_path / "file", b"new", 0o640, owner_of(tmp_path))
    found = (tmp_path / "file").stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 12346, 0o640)
