"""How the gate process has itself or the machine started anew. It may do neither by itself: it has no privileges.

For the machine it leaves a file in its runtime folder, which nobody else may write; systemd sees the file
(`sitegate-reboot.path`), takes it away and reboots. Without systemd there is no such folder: then only this process starts anew.
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
    """Where the request for the machine lies; None where nobody would look (no systemd)."""
    folder = os.environ.get("RUNTIME_DIRECTORY")
    return Path(folder) / REQUEST if folder else None


def make_restart(config: Config, shutdown: Shutdown) -> Callable[[], None] | None:
    """What begins the restart: the process ends in the orderly way, and is started again. None if it may not."""
    how, path = config.gate.reboot, request_path()

    def restart() -> None:
        if how == "machine" and path is not None:
            try:
                path.touch(mode=0o600)
            except OSError as error:  # starting the process anew is still better than nothing
                log.error("reboot_not_requested", path=str(path), error=error.strerror)
        log.warning("restarting", how=how, request=str(path) if path else None)
        shutdown.ask()

    return None if how == "never" else restart


def reboot_unanswered() -> bool:
    """True once if an earlier process asked for a reboot of the machine, and only the process was started anew."""
    path = request_path()
    if path is None or not path.exists():
        return False
    path.unlink(missing_ok=True)
    return True
