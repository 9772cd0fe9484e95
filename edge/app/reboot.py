"""Restart the gate process or the machine. The process has no privileges for either.

For the machine it leaves a file in its runtime folder, which only it may write. systemd sees the file
(`sitegate-reboot.path`), removes it and reboots. Without systemd there is no such folder, and only this process
restarts.
"""

import os
from collections.abc import Callable
from pathlib import Path

import structlog

from edge.core.config import Config
from edge.system.supervisor import Shutdown

log = structlog.get_logger()

REQUEST = "reboot"


def request_path() -> Path | None:
    """Return the path of the reboot request; None without systemd, because nobody would read it."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return Path(folder) / REQUEST if folder else None


def make_restart(config: Config, shutdown: Shutdown) -> Callable[[], None] | None:
    """Make the function that begins the restart: the process ends cleanly and is started again. None if
    `gate.reboot` forbids it."""
    how, path = config.gate.reboot, request_path()

    def restart() -> None:
        if how == "machine" and path is not None:
            try:
                path.touch(mode=0o600)
            except OSError as error:  # a restart of the process is better than nothing
                log.error("reboot_not_requested", path=str(path), error=error.strerror)
        log.warning("restarting", how=how, request=str(path) if path else None)
        shutdown.ask()

    return None if how == "never" else restart


def reboot_unanswered() -> bool:
    """Return True once if an earlier process requested a reboot and only the process restarted."""
    path = request_path()
    if path is None or not path.exists():
        return False
    path.unlink(missing_ok=True)
    return True
