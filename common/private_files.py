"""Files that only their owner may read: passwords, keys, people."""

import os
import stat
from pathlib import Path

OWNER_ONLY, FOLDER_OF_OWNER = 0o600, 0o700
_OTHERS = 0o077


def holds_program(folder: Path) -> bool:
    """Say whether a folder is a part of the program. Keys there would be read and copied with its source."""
    return (folder / "__init__.py").exists()


def create(path: Path) -> bool:
    """Make an empty file. Return False if it is there already. Raises OSError."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, OWNER_ONLY))
    except FileExistsError:
        return False
    return True


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not exist. Raises FileExistsError, OSError."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, OWNER_ONLY), "wb") as file:
        file.write(content)


def exposed(path: Path) -> bool:
    """Say whether others may read or change it. A group may, if root gave the file to that group."""
    try:
        found = path.stat()
    except OSError:
        return False
    return bool(found.st_mode & (_OTHERS if found.st_uid == os.geteuid() else 0o007))


def tighten(path: Path) -> bool:
    """Take the rights of others away. Return True if it changed something; what another user owns stays."""
    try:
        found = path.stat()
        if found.st_uid != os.geteuid() or not stat.S_IMODE(found.st_mode) & _OTHERS:
            return False
        path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
    except OSError:
        return False
    return True
