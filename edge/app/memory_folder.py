"""The gate process's folder in memory, for files that the screen reads and that must not reach the disk."""

import contextlib
import hashlib
import os
from pathlib import Path

from edge.app.state_folders import DESK
from edge.core.config import Config
from edge.core.layout import GATE

SYSTEMD = Path("/run/sitegate-gate")
MEMORY = Path("/dev/shm")


def memory_folder(config: Config) -> Path:
    """Return the folder, made if it is missing. Under systemd it is that of the unit.

    Raises:
        OSError: it cannot be made, or another user owns it.
    """
    if folder := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(folder)
    path = _without_systemd(config)
    path.mkdir(mode=0o711, exist_ok=True)
    found = path.lstat()
    if path.is_symlink() or not path.is_dir() or found.st_uid != os.geteuid():
        raise PermissionError(0, "is not this user's own folder", str(path))
    return path


def memory_files(config: Config, name: str) -> list[Path]:
    """List where the gate process may have written a file of this name. Read it with `gate_owner` as its owner."""
    return [SYSTEMD / name, _without_systemd(config) / name]


def gate_owner(config: Config) -> int:
    """Return the user of the gate process. While it has never run, only this user's files are believed."""
    try:
        return (config.paths.state_dir / GATE).lstat().st_uid
    except OSError:
        return os.geteuid()


def replace_for_screen(config: Config, path: Path, content: bytes) -> None:
    """Write a file whole or not at all, for the users who may read requests of the desk. Raises OSError.

    The group of the desk's folder has them: gate and screen, and never the process with the network.
    """
    new = _unfinished(path)
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            group = _desk_group(config)
            if group is not None:
                os.fchown(handle, -1, group)
                os.fchmod(handle, 0o640)
            file.write(content)
        new.replace(path)
    except OSError:  # the memory is full: leave no half of it
        new.unlink(missing_ok=True)
        raise


def remove_for_screen(config: Config, name: str) -> None:
    """Remove a file from the folder, and the folder if it is empty and not systemd's. Raises OSError.

    A process that was killed may have left an unfinished one, which goes too.
    """
    folder = memory_folder(config)
    for path in (folder / name, _unfinished(folder / name)):
        path.unlink(missing_ok=True)
    if folder == _without_systemd(config):
        with contextlib.suppress(OSError):  # another file is still there
            folder.rmdir()


def _unfinished(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _desk_group(config: Config) -> int | None:
    """Return the group that only gate and screen are in. None if there is none, as with one user for all processes."""
    try:
        folder = (config.paths.state_dir / DESK).parent.stat()
    except OSError:
        return None
    return None if folder.st_uid == os.geteuid() or folder.st_gid == os.getegid() else folder.st_gid


def _without_systemd(config: Config) -> Path:
    name = hashlib.sha256(bytes(config.paths.state_dir.absolute())).hexdigest()[:16]
    return MEMORY / f"sitegate-{name}"
