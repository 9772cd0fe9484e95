"""The web server's worker: a connection gets a thread only when its request is here.

gunicorn's own threads wait for slow clients. So as many half requests as it has threads stop every page, for as long as
somebody likes. A thousand silent connections do it for minutes.
"""

import errno
import re
import socket
import struct
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn import http
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

REQUEST_S = 15.0
"""How long the head of a request and a small body may take."""
HEAD_MAX, BODY_MAX = 64 * 1024, 64 * 1024
"""Bytes of a head, and of a body that is small. Larger bodies are read by a thread, at SLOWEST."""
SLOWEST = 20_000
"""Bytes a second of a larger body, after the first REQUEST_S."""
SEND_S = 30
"""How long a client may take nothing of an answer."""
WAITING_MAX = 400
"""Connections without a whole request. Then the oldest of them ends: an honest one waits for milliseconds."""
_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,18})[ \t]*\r$", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^transfer-encoding:", re.IGNORECASE | re.MULTILINE)


class TooSlow(TimeoutError):
    """A client that sends its body too slowly."""


class _PacedReader(SocketUnreader):  # type: ignore[misc]
    """Reads a request, if it comes fast enough."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.begin()

    def begin(self) -> None:
        """Note that a request begins."""
        self._began, self._got = time.monotonic(), 0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Read a piece. Raises TooSlow."""
        left = self._began + REQUEST_S + self._got / SLOWEST - time.monotonic()
        if left <= 0:
            raise TooSlow(errno.ETIMEDOUT, "the body came too slowly")
        self.sock.settimeout(left)
        try:
            piece: bytes = super().chunk(size_hint)
        finally:
            self.sock.settimeout(None)
        self._got += len(piece)
        return piece


class WaitingConnection(TConn):  # type: ignore[misc]
    """A connection, and what came of its next request."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.came = bytearray()
        self.streams = False
        patience = struct.pack("ll", SEND_S, 0)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
        self.parser = http.get_parser(self.cfg, self.sock, self.client)
        self.parser.unreader = _PacedReader(self.sock)
        self.initialized = True

    def take(self) -> bool | None:
        """Take what came. Return True if a thread can go on, False if the connection is at its end, else None."""
        try:
            piece = self.sock.recv(HEAD_MAX)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            return False
        self.came += piece
        return False if not piece else self._whole()

    def hand_over(self) -> None:
        """Give what came to the parser."""
        self.parser.unreader.begin()
        self.parser.unreader.unread(bytes(self.came))
        self.came.clear()

    def close(self, graceful: bool = False) -> None:
        """End the connection at once. gunicorn waits two seconds for each client, and all others wait with it."""
        super().close()

    def _whole(self) -> bool | None:
        head = self.came.find(b"\r\n\r\n")
        if head < 0:
            return False if len(self.came) > HEAD_MAX else None
        length = _LENGTH.search(self.came, 0, head + 2)
        body = int(length[1]) if length else 0
        self.streams = body > BODY_MAX or _CHUNKED.search(self.came, 0, head + 2) is not None
        return True if self.streams or len(self.came) >= head + 4 + body else None


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, behind a loop that waits for whole requests."""

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        self._wait(WaitingConnection(self.cfg, sock, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: WaitingConnection, client: socket.socket) -> None:
        """Wait for the next request of a kept connection."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._wait(conn)

    def on_pending_socket_readable(self, conn: WaitingConnection, client: socket.socket) -> None:
        """Take a piece of a request. Give it to a thread when it is whole."""
        found = conn.take()
        if found is None:
            return
        self.poller.unregister(client)
        self.pending_conns.remove(conn)
        if found:
            conn.hand_over()
            self.enqueue_req(conn)
        else:
            self._end(conn)

    def handle(self, conn: WaitingConnection) -> Any:
        """Answer a request. A client that sent the next one already must connect again."""
        kept = super().handle(conn)
        return kept and not conn.parser.unreader.buf.getvalue()

    def _keepalive_after(self, conn: WaitingConnection, keepalive: bool) -> bool:
        """Keep no connection with a large body: what was not read would have to be waited for."""
        return not conn.streams and super()._keepalive_after(conn, keepalive)

    def _wait(self, conn: WaitingConnection) -> None:
        if len(self.pending_conns) >= WAITING_MAX:
            self._end_first(self.pending_conns)
        elif self.nr_conns >= self.worker_connections and self.keepalived_conns:
            self._end_first(self.keepalived_conns)
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + REQUEST_S
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _end_first(self, waiting: Any) -> None:
        oldest = waiting.popleft()
        self.poller.unregister(oldest.sock)
        self._end(oldest)

    def _end(self, conn: WaitingConnection) -> None:
        self.nr_conns -= 1
        conn.close()
