"""Move a state folder of version 0.1, where all files lay side by side, into one folder per process.

Files are renamed, never copied or opened, a database after its write-ahead log. So an interruption loses nothing, and a
second run finishes. Root does it (`sitegate state migrate`, from scripts/install), or the processes if one user runs
them all.
"""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import structlog

from edge.core.layout import CUT_NOTES, DESK, DESK_FOLDER, GATE, SYNC
from edge.core.ports import JournalError
from edge.storage import sqlite_file
from edge.system.atomic_write import sync_folder
from edge.system.regular_file import NotRegularFile, check_regular

log = structlog.get_logger()

_DATABASES = {"journal.db": GATE, "scores.db": GATE, "replica.db": SYNC}
_FILES = {"pins.jsonl": GATE, "home-assistant.topic": SYNC}
_ASIDE = {
    "journal.db.corrupt-*": GATE,
    "journal.salvaged-*": GATE,
    "scores.db.corrupt-*": GATE,
    "replica.db.corrupt-*": SYNC,
}
_CUT_NOTES = Path(CUT_NOTES).name
_NOT_TRUSTED = ".not-trusted"
_GONE = ("journal.reserve", "journal.db.lock", "replica.db.lock")
"""Their processes make them again."""
MODE = 0o640


def is_flat(state: Path) -> bool:
    """Return True if files of version 0.1 are in the folder."""
    return any(True for _ in _old(state))


def move(state: Path) -> int:
    """Move everything of version 0.1, and return the number of files. A second caller waits for the first.

    Raises:
        JournalError: a process of version 0.1 still runs, or a file cannot be moved.
    """
    try:
        folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with contextlib.ExitStack() as stopped:
            for name in ("journal.db.lock", "replica.db.lock"):
                stopped.enter_context(_nobody_writes(state / name))
            moved = sum(_move(path, state / target) for path, target in list(_old(state)))
            for name in _GONE:
                (state / name).unlink(missing_ok=True)
            for path in [*state.glob("metrics/*.prom")]:
                path.unlink()
            with contextlib.suppress(OSError):  # missing, or with files of somebody else
                (state / "metrics").rmdir()
        _desk(state / DESK_FOLDER)
        _companions(state)
    except OSError as error:
        raise JournalError(
            f"{error.filename}: {error.strerror}: the files of version 0.1 in {state} cannot be moved; "
            "run this as root: sitegate state migrate"
        ) from error
    finally:
        os.close(folder)
    if moved:
        log.info("state_moved", folder=str(state), files=moved)
    return moved


def _old(state: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file of version 0.1 and its new folder, a database after its companion files."""
    for name, target in _DATABASES.items():
        for suffix in ("-shm", "-wal", ""):
            if _there(path := state / (name + suffix)):
                yield path, target
    for name, target in (*_FILES.items(), (_CUT_NOTES, GATE)):
        if _there(path := state / name):
            yield path, target
    for pattern, target in _ASIDE.items():
        # the shortest name is the file itself: move it last
        for path in sorted(state.glob(pattern), key=lambda found: -len(found.name)):
            yield path, target


def _there(path: Path) -> bool:
    return os.path.lexists(path)


def _move(path: Path, folder: Path) -> bool:
    """Move one file. Return False for anything but a plain file: it stays, and the log reports it."""
    try:
        check_regular(path)
    except NotRegularFile as error:
        log.warning("not_moved", path=str(path), why=error.strerror)
        return False
    folder.mkdir(mode=0o750, exist_ok=True)
    owner, found = folder.stat(), path.lstat()
    name = path.name
    if name == _CUT_NOTES and found.st_uid not in (0, owner.st_uid):
        name += _NOT_TRUSTED  # everybody could write there: only the gate's own notes count
    if found.st_nlink > 1:
        raise PermissionError(1, "has a second name somewhere: remove it first", str(path))
    if (target := folder / name).exists() and target.stat().st_size and not name.endswith(("-wal", "-shm")):
        raise FileExistsError(17, f"is there already, and {path} too: keep the newer one", str(target))
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
    if os.geteuid() in (0, found.st_uid):
        path.chmod(MODE)
    path.replace(target)
    for parent in (path.parent, folder):
        sync_folder(parent)
    return True


def _desk(folder: Path) -> None:
    """Give the requests, which stay where they are, to the folder's owner. Only root can."""
    if os.geteuid() != 0 or not folder.is_dir():
        return
    owner = folder.stat()
    for path in folder.iterdir():
        if stat.S_ISREG(path.lstat().st_mode):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
            path.chmod(MODE)


def _companions(state: Path) -> None:
    """Make the companion files that a reader of another user needs. Version 0.1 removed them at its end."""
    for path in [*(state / folder / name for name, folder in _DATABASES.items()), state / DESK]:
        if path.is_file() and not path.is_symlink():
            for suffix in sqlite_file.COMPANIONS:
                sqlite_file.own(path.with_name(path.name + suffix))


@contextlib.contextmanager
def _nobody_writes(lock: Path) -> Iterator[None]:
    """Hold a lock file of version 0.1, if it exists. Raises JournalError if its process runs."""
    try:
        handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise JournalError(f"{lock} is held: stop the processes of the earlier version first") from error
    else:
        yield
    finally:
        os.close(handle)
