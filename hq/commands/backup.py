"""`sitegate-hq backup`, `restore` and `move-to`: encrypted copies of HQ, and another database."""

import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from hq import config as settings
from hq.backups.archive import Contents
from hq.backups.backup import back_up
from hq.backups.move import move
from hq.backups.restore import check_backup, restore
from hq.backups.sealed_file import BackupError
from hq.commands.console import err, out, time_text
from hq.commands.context import opened
from hq.commands.options import Folder
from hq.database import change_file
from hq.database.clock import now
from hq.database.restorations import note_restoration
from hq.database.store import Store
from hq.keys import encryption, keys
from hq.registry.change_replay import make_again
from hq.registry.gates import void_invitations
from hq.registry.people import PeopleRegistry
from hq.service.only_hq import FolderLock, OnlyHq

PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="A file with the passphrase. Without it, HQ asks.")
]


def backup(
    file: Annotated[Path, typer.Argument(help="The new file.")],
    folder: Folder = Path(),
    passphrase_file: PassphraseFile = None,
    without_keys: Annotated[bool, typer.Option("--without-keys", help="Leave keys/ out: back it up apart.")] = False,
) -> None:
    """Write database, hq.toml and keys into one encrypted file, and read it once to check it. HQ may run meanwhile.

    Example: sitegate-hq backup /backup/hq-2026-11-28.sealed --passphrase-file /root/backup-passphrase
    """
    passphrase = _passphrase(passphrase_file, new=True)
    with opened(folder) as (config, _, _, store):
        done = back_up(store, config.folder, file, passphrase, keys=not without_keys, software=_software())
    for name in done.left_out:
        err.print(f"left out, too large or hidden: {name}", highlight=False)
    if f"keys/{encryption.NAME}" not in done.contents.files:
        err.print(f"keys/{encryption.NAME} is not in it: without that key nobody can read the people in this backup")
    size = f"{done.size / 1e6:.1f} MB"
    out.print(f"{file}: {done.contents.rows} rows, {len(done.contents.files)} files, {size}, checked", highlight=False)


def restore_(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    folder: Annotated[Path, typer.Option("--dir", "-d", help="A new folder for HQ.")],
    passphrase_file: PassphraseFile = None,
    database: Annotated[str | None, typer.Option("--database", help="An empty database instead of hq.toml's.")] = None,
    changes: Annotated[
        Path | None, typer.Option("--changes", help="changes.log of the old folder: what was withdrawn since.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only check the backup; write nothing.")] = False,
) -> None:
    """Restore a backup into a new folder and an empty database, after all of it was checked.

    Example: sitegate-hq restore /backup/hq-2026-11-28.sealed --dir ./hq-restored
    """
    passphrase = _passphrase(passphrase_file, new=False)
    if check:
        found = check_backup(file, passphrase)
        return out.print(f"{file}: {_described(found)}, whole and unchanged", highlight=False)
    restore(file, passphrase, folder.absolute(), database, lambda made, found: _note(made, file, found, changes))
    out.print(f"{folder}: restored. Check what was changed since: sitegate-hq restored --dir {folder}", highlight=False)
    return None


def move_to(
    url: Annotated[str, typer.Argument(help="An empty database. Its password belongs into ~/.pgpass, not here.")],
    folder: Folder = Path(),
) -> None:
    """Move HQ to another database: SQLite or PostgreSQL. Stop `sitegate-hq run` first. All of it is moved, or nothing.

    Example: sitegate-hq move-to postgresql+psycopg://hq@db.example/hq
    """
    config = settings.load(folder)
    store = Store(config.url, keys.load(config.folder), in_use=False)
    try:
        only = OnlyHq(store, config.folder)
        only.take()
        try:
            move(store, config, url, lambda name, rows: out.print(f"{name}: {rows} rows, the same", highlight=False))
        finally:
            only.close()
    finally:
        store.close()
    out.print("moved: hq.toml names the new database; start sitegate-hq run. The old one takes no change any more")


def register(app: typer.Typer) -> None:
    """Add the commands to `sitegate-hq`."""
    app.command()(backup)
    app.command("restore")(restore_)
    app.command("move-to")(move_to)


def _passphrase(path: Path | None, *, new: bool) -> str:
    """Read the passphrase from a file, or ask for it: never from the command line, which others can see."""
    if path is not None:
        try:
            if path.stat().st_mode & 0o077:
                err.print(f"others may read {path}: chmod 600 {path}", highlight=False)
            return path.read_text(encoding="utf-8-sig").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise BackupError(f"{path} cannot be read: {getattr(error, 'strerror', 'it is not UTF-8')}") from error
    if not sys.stdin.isatty():
        raise BackupError("there is no terminal to ask for the passphrase: --passphrase-file FILE")
    return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=new))


def _note(folder: Path, file: Path, found: Contents, changes: Path | None) -> None:
    """Record in the restored database that it is one."""
    if changes is not None:
        shutil.copyfile(changes, folder / change_file.NAME)
        (folder / change_file.NAME).chmod(0o600)
    lock = FolderLock(folder)
    try:
        config = settings.load(folder)
        store = Store(config.url, keys.load(folder) if f"keys/{encryption.NAME}" in found.files else None)
        try:
            with store.write("restorations") as db:
                note_restoration(db, f"restored from {file.name}", now(), found.about.created_utc)
                void_invitations(db)
            if store.changes:
                make_again(store, PeopleRegistry(store, keys.load(folder)))
        finally:
            store.close()
    finally:
        lock.close()
        (folder / "hq.lock").unlink(missing_ok=True)


def _described(found: Contents) -> str:
    return f"HQ of {time_text(found.about.created_utc)}, {found.rows} rows, {len(found.files)} files"


def _software() -> str:
    try:
        return version("sitegate")
    except PackageNotFoundError:
        return "unknown"
