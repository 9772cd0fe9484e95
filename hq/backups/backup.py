"""Back HQ up into one encrypted file, while it runs."""

import os
from dataclasses import dataclass
from pathlib import Path

from hq.backups.archive import FILE_MAX, Contents, read_archive, write_archive
from hq.backups.sealed_file import PASSPHRASE_MIN, BackupError
from hq.database.store import Store, database_files

KEYS = "keys"
_LEFT_OUT = ("hq.db", "hq.lock")
"""An earlier database of this name, and what a running HQ makes."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was written, and which files of the folder were not."""

    contents: Contents
    size: int
    left_out: tuple[str, ...]


def back_up(store: Store, folder: Path, to: Path, passphrase: str, *, keys: bool, software: str) -> Backup:
    """Write a backup, and read it once to prove it. Raises BackupError: then there is no file.

    `keys`: with the folder's keys. `software`: the version that writes.
    """
    if len(passphrase) < PASSPHRASE_MIN:
        raise BackupError(f"the passphrase has {len(passphrase)} characters: {PASSPHRASE_MIN} at least")
    if to.exists():
        raise BackupError(f"{to} exists: name a new file, a backup never replaces another one")
    part = to.with_name(f"{to.name}.part")
    # The database goes in as rows: a copy of its files would not be of one moment.
    files, left_out = _files(folder, keys=keys, but=(to, part, *database_files(store.engine.url.database)))
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            contents = write_archive(file, passphrase, store, files, software)
            file.flush()
            os.fsync(handle)
        for item in read_archive(part, passphrase):
            if isinstance(item, Contents) and item.sums and item.sums != contents.sums:
                raise BackupError(f"{to} was not written as it should be: check the disk")
        part.rename(to)
    except OSError as error:
        raise BackupError(f"{to} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return Backup(contents, to.stat().st_size, left_out)


def _files(folder: Path, *, keys: bool, but: tuple[Path, ...]) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Find the folder's files, and name those that are too large for a backup."""
    places = [folder, folder / KEYS, folder / KEYS / "sites"] if keys else [folder]
    found, large = {}, []
    for path in sorted(path for place in places if place.is_dir() for path in place.iterdir()):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not path.is_file() or name.startswith(_LEFT_OUT) or path.absolute() in _absolute(but):
            continue
        if path.name.startswith(".") or path.stat().st_size > FILE_MAX:
            large.append(name)
        else:
            found[name] = path
    return found, tuple(large)


def _absolute(paths: tuple[Path, ...]) -> set[Path]:
    return {path.absolute() for path in paths}
