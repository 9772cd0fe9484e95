"""Serves the screen with uvicorn, in a process of its own or in a thread (tests, the demo)."""

import socket
import threading
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, cast

import structlog
import uvicorn
from starlette.applications import Starlette

from edge.core.config import ScreenConfig
from edge.screen.access.connections import Connection, Crowd
from edge.screen.access.public_name import uid_of_proxy

ACCEPT_AT_ONCE = 128
"""New connections taken up before those inside get their turn."""


class PortTaken(OSError):
    """The address cannot be used. The text says what to do."""


class ScreenServer:
    """One listening socket and its server. `url` is known before `run`, also for port 0. `refused`: users of this
    machine that get no answer, asked at each connection.

    Raises:
        PortTaken: the address is in use or not this machine's.
        UnknownProxyUser: the configured proxy's user does not exist.
    """

    def __init__(self, app: Starlette, config: ScreenConfig, refused: Callable[[], Collection[int]] = tuple) -> None:
        crowd = Crowd(refused, uid_of_proxy(config.proxy_user))
        family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((config.host, config.port))
            self._socket.listen()
        except OSError as error:
            self._socket.close()
            where = f"{config.host}:{config.port}"
            raise PortTaken(f"cannot listen on {where} ({error.strerror}): set screen.host or screen.port") from error
        port = self._socket.getsockname()[1]
        host = f"[{config.host}]" if family is socket.AF_INET6 else config.host
        self.url = f"http://{host}:{port}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=cast("Any", partial(Connection, crowd)),
                backlog=ACCEPT_AT_ONCE,
                log_config=None,
                access_log=False,
                server_header=False,
                forwarded_allow_ips=["127.0.0.1", "::1"],
                timeout_graceful_shutdown=2,
                ws="none",
            )
        )

    def run(self) -> None:
        """Serve until `stop` or, in the main thread, until SIGINT or SIGTERM."""
        structlog.get_logger().info("screen.listening", url=self.url)
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def start(self) -> threading.Thread:
        """Serve in a thread of this process; ends with `stop`."""
        thread = threading.Thread(target=self.run, name="screen", daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Ask the server to end; it answers what is under way first."""
        self._server.should_exit = True
