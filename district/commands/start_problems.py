"""Name what keeps a part of `sitegate-district run` from starting, before anything is started."""

import errno
import os
import socket
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from district.config import FILE_NAME, DistrictConfig

_HQ_FILE = "hq.toml"
_BROKER_PORT = 1883
_CONNECT_S = 5.0


@dataclass(frozen=True)
class Listener:
    """A part that listens at an address. `setting`: where its port is written."""

    part: str
    host: str
    port: int
    setting: str


def start_problems(config: DistrictConfig, *, everything: bool) -> list[str]:
    """Return a sentence for each part that cannot start: which, why, what to do."""
    found = [port_problem(one) for one in _listeners(config, everything)]
    return [one for one in (*found, database_problem(config.database_url)) if one]


def port_problem(listener: Listener) -> str:
    """Return why a part cannot listen at its address; "" if it can."""
    where = f"{listener.host}:{listener.port}"
    try:
        address = socket.getaddrinfo(listener.host, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(address[0], socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the parts do: ended connections linger
            tried.bind(address[4])
            tried.listen(1)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why, todo = "another program listens there", "stop it (a second `run`?), or choose another port:"
        else:
            why, todo = str(error.strerror or error), "correct the address:"
        return f"{listener.part} cannot start at {where}: {why}; {todo} {listener.setting}"
    return ""


def database_problem(url: str) -> str:
    """Return why nothing answers where the database should be; "" if it answers, or is a file."""
    parts = urlsplit(url)
    if not parts.hostname:
        return ""
    host, port = parts.hostname, parts.port or 5432
    try:
        socket.create_connection((host, port), timeout=_CONNECT_S).close()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
        return f"PostgreSQL does not answer at {host}:{port} ({why}): start it, or correct database_url in {FILE_NAME}"
    return ""


def _listeners(config: DistrictConfig, everything: bool) -> list[Listener]:
    file = config.folder / FILE_NAME
    found = [Listener("the pages", config.web.host, config.web.port, f"port under [web] in {file}")]
    if everything:
        hq = config.path(config.hq.folder) / _HQ_FILE
        setting = f"port under [broker] in {hq}, and at the gates"
        found.append(Listener("HQ's broker", "127.0.0.1", _broker_port(hq), setting))
    if config.demo and config.realname.url:
        port = urlsplit(config.realname.url).port or 80
        found.append(Listener("the simulated platform", "127.0.0.1", port, f"url under [realname] in {file}"))
    return found


def _broker_port(file: Path) -> int:
    """Read HQ's port. What is wrong with the file HQ itself says."""
    try:
        port = tomllib.loads(file.read_text(encoding="utf-8")).get("broker", {}).get("port", _BROKER_PORT)
    except (OSError, ValueError, AttributeError):
        return _BROKER_PORT
    return port if isinstance(port, int) and 0 < port < 65_536 else _BROKER_PORT
