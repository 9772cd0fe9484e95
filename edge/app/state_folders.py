"""The files by which the three processes meet: the folder of each, made by its process; `edge.core.layout` has the names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge.app.state_migration import is_flat, move
from edge.core.config import Config
from edge.core.layout import CUT_NOTES as CUT_NOTES
from edge.core.layout import DESK as DESK
from edge.core.layout import DESK_FOLDER, GATE, GATE_KEY, GATE_KEY_PUBLIC, LINK_KEY, LINK_KEY_PUBLIC, SYNC
from edge.core.layout import JOURNAL as JOURNAL
from edge.core.layout import PIN_HISTORY as PIN_HISTORY
from edge.core.layout import REPLICA as REPLICA
from edge.core.layout import RESERVE as RESERVE
from edge.core.layout import SCORES as SCORES
from edge.core.ports import JournalError

KEY_OF_0_1 = Path("/etc/sitegate/keys/gate-signing.key.pem")
"""Stands in every configuration that 0.1 wrote, also where the gate was never commissioned; the gate process cannot make it."""
_PROCESSES = {"gate": GATE, "sync": SYNC}
"""The processes that write numbers, and the folder of each."""


def gate_dir(config: Config) -> Path:
    """The gate process's folder, made if it is missing. Raises JournalError if this user cannot write there."""
    return _own(config, GATE)


def sync_dir(config: Config) -> Path:
    """The sync process's folder; see `gate_dir`."""
    return _own(config, SYNC)


def desk_dir(config: Config) -> Path:
    """The folder of requests made at this gate; see `gate_dir`."""
    return _own(config, DESK_FOLDER)


def folders(config: Config) -> list[Path]:
    """The folders of all who write."""
    return [config.paths.state_dir / name for name in (GATE, SYNC, DESK_FOLDER)]


def gate_key_files(config: Config) -> tuple[Path, Path]:
    """Where this gate's own key lies, and its public half."""
    state, named = config.paths.state_dir, config.keys.gate_signing_path
    if named == KEY_OF_0_1 and not os.path.lexists(named):
        named = None
    return named or state / GATE_KEY, state / GATE_KEY_PUBLIC


def link_key_files(config: Config) -> tuple[Path, Path]:
    """The same for the key of its sync process."""
    state = config.paths.state_dir
    return config.keys.link_signing_path or state / LINK_KEY, state / LINK_KEY_PUBLIC


def become_owner(folder: Path) -> None:
    """As root, go on as the user whose folder it is: what root made there its process could not write, and a link that
    was put there must not lead root astray. Does nothing as any other user."""
    if os.geteuid() != 0 or folder.stat().st_uid == 0:
        return
    owner = folder.stat()
    os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)


@contextmanager
def as_owner(folder: Path) -> Iterator[None]:
    """`become_owner` for a while."""
    if os.geteuid() != 0 or folder.stat().st_uid == 0:
        yield
        return
    owner, groups, gid = folder.stat(), os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(gid)
        os.setgroups(groups)


def _own(config: Config, name: str) -> Path:
    path = config.paths.state_dir / name
    if is_flat(config.paths.state_dir):
        move(config.paths.state_dir)
    try:
        config.paths.state_dir.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o750, exist_ok=True)
    except OSError as error:
        raise JournalError(f"{path} cannot be made ({error.strerror}): create it, or set paths.state_dir") from error
    if not os.access(path, os.W_OK):
        raise JournalError(f"{path} cannot be written by this user: correct its owner, or set paths.state_dir")
    return path


def metrics_file(config: Config, process: str) -> Path:
    """Where a process writes its numbers: in memory under systemd, which spares the card."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return (Path(folder) if folder else config.paths.state_dir / _PROCESSES[process]) / f"{process}.prom"


def metrics_files(config: Config) -> list[Path]:
    """Where the numbers of the processes without a page of their own may lie."""
    return [
        folder / f"{process}.prom"
        for process, own in _PROCESSES.items()
        for folder in (Path(f"/run/sitegate-{process}"), config.paths.state_dir / own)
    ]
