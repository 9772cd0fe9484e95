"""Serve the practice gate's pages from a process of their own, with one account."""

import json
import secrets
import socket
import sys
import time
from pathlib import Path

from common.processes import Processes
from edge.app.state_folders import DESK
from edge.core.config import Config
from edge.screen.access.passwords import hash_password
from edge.screen.translations import load_all
from edge.storage.desk import DeskWriter

READY_S = 20.0
ACCOUNT = "guard"


class PagesError(RuntimeError):
    """The pages cannot be served; the text says why."""


def start_pages(processes: Processes, config: Config, folder: Path, port: int, language: str) -> tuple[str, str]:
    """Start the screen process on the folder. Return its address and the account's password. Raises PagesError."""
    if language not in (known := load_all()):
        raise PagesError(f"there is no language {language!r}: give --language one of: {', '.join(sorted(known))}")
    port = port or _free_port()
    path = folder / "screen.toml"
    path.write_text(_toml(config, folder, port, language), encoding="utf-8")
    password = "-".join(secrets.token_hex(3) for _ in range(3))
    desk = DeskWriter(folder / DESK)
    desk.set_password(ACCOUNT, hash_password(password), by="sitegate try")
    desk.close()
    log = folder / "screen.log"
    with log.open("wb") as written:
        command = [sys.executable, "-m", "edge", "screen", "--config", str(path)]
        processes.start("screen", command, stdout=written, stderr=written)
    deadline = time.monotonic() + READY_S
    while not _answers(port):
        if processes["screen"].poll() is not None or time.monotonic() > deadline:
            raise PagesError(f"the pages did not start: {log.read_text(encoding='utf-8', errors='replace')[-500:]}")
        time.sleep(0.1)
    return f"http://127.0.0.1:{port}", password


def _toml(config: Config, folder: Path, port: int, language: str) -> str:
    site = config.site
    return f"""\
[site]
site_id = {json.dumps(site.site_id)}
gate_id = {json.dumps(site.gate_id)}
direction = {json.dumps(site.direction.value)}
[paths]
state_dir = {json.dumps(str(folder))}
[liveness]
mode = "off"
[screen]
port = {port}
language = {json.dumps(language)}
"""


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 0.5):
            return True
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
