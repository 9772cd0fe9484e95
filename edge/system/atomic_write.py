"""Writing a small file so that a power cut leaves either the old one or the whole new one."""

import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, content: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Put `content` at `path`, on the disk when it returns. A link in its place is replaced and not followed.

    `owner`: user and group of the file; None: those of this process. Raises OSError.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # 0600 until it is whole
    new = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if owner is not None:
                os.fchown(handle, *owner)
            os.fchmod(handle, mode)
            file.flush()
            os.fsync(handle)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)


def owner_of(folder: Path) -> tuple[int, int] | None:
    """Return the owner for a file that root makes in another user's folder. Return None if this process is not root.
    Raises OSError.
    """
    found = folder.stat()
    return (found.st_uid, found.st_gid) if os.geteuid() == 0 else None


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk, too. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
