"""Name the files by which the three processes exchange data, and make each process's folder. See `edge.core.layout`."""

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
"""Default of every configuration written by 0.1, also at a gate that was never commissioned. The gate process cannot
make this file."""
_MUSTER = "muster.json"
_PROCESSES = {"gate": GATE, "sync": SYNC}
"""Processes that write metrics, and the folder of each."""


def gate_dir(config: Config) -> Path:
    """Return the gate process's folder, and make it if missing. Raises JournalError if this user cannot write there."""
    return _own(config, GATE)


def sync_dir(config: Config) -> Path:
    """Return the sync process's folder; see `gate_dir`."""
    return _own(config, SYNC)


def desk_dir(config: Config) -> Path:
    """Return the folder of requests made at this gate; see `gate_dir`."""
    return _own(config, DESK_FOLDER)


def folders(config: Config) -> list[Path]:
    """Return the folders of all processes that write."""
    return [config.paths.state_dir / name for name in (GATE, SYNC, DESK_FOLDER)]


def gate_key_files(config: Config) -> tuple[Path, Path]:
    """Return the paths of the gate's key and its public half."""
    state, named = config.paths.state_dir, config.keys.gate_signing_path
    if named == KEY_OF_0_1 and not os.path.lexists(named):
        named = None
    return named or state / GATE_KEY, state / GATE_KEY_PUBLIC


def link_key_files(config: Config) -> tuple[Path, Path]:
    """Return the paths of the sync process's key and its public half."""
    state = config.paths.state_dir
    return config.keys.link_signing_path or state / LINK_KEY, state / LINK_KEY_PUBLIC


def become_owner(folder: Path) -> None:
    """As root, become the folder's owner.

    The process could not write files that root makes there. A planted link must not redirect root. Does nothing as any
    other user.
    """
    if os.geteuid() != 0 or folder.stat().st_uid == 0:
        return
    owner = folder.stat()
    os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)


@contextmanager
def as_owner(folder: Path) -> Iterator[None]:
    """Do `become_owner` for the duration of the context."""
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


def muster_file(config: Config) -> Path:
    """Return where the gate process writes who is on the site. Under systemd that is in memory, as with metrics."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return (Path(folder) if folder else config.paths.state_dir / GATE) / _MUSTER


def muster_files(config: Config) -> list[Path]:
    """List where the gate process may have written who is on the site."""
    return [Path("/run/sitegate-gate") / _MUSTER, config.paths.state_dir / GATE / _MUSTER]


def metrics_file(config: Config, process: str) -> Path:
    """Return where a process writes its metrics. Under systemd that is in memory, which spares the card."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return (Path(folder) if folder else config.paths.state_dir / _PROCESSES[process]) / f"{process}.prom"


def metrics_files(config: Config) -> list[Path]:
    """List where the metrics of the processes without a page may be."""
    return [
        folder / f"{process}.prom"
        for process, own in _PROCESSES.items()
        for folder in (Path(f"/run/sitegate-{process}"), config.paths.state_dir / own)
    ]
