"""Limits on the screen's connections, by number and by time.

uvicorn has no time limit for a request that never ends. Nobody can take all connections: each user of this machine
and each other machine has a share. A peer whose share is used up loses the connection that has waited longest for a
request. A connection that is being answered is never closed for another.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from edge.screen.access.peers import Peer, peer_of

CONNECTIONS_MAX = 400
"""Well below the 1,024 files that a process may open."""
RESERVED = 100
"""Of these, only for browsers on this machine: the lane's display is one."""
PER_PEER_MAX = 48
"""A browser opens 6, a display 1."""
PROXY_MAX = CONNECTIONS_MAX - RESERVED
"""Of the reverse proxy, behind which all other machines are."""
HEAD_MAX_S = 10.0
"""From the connection, or from the last answer, to the end of the next request's head."""
REQUEST_MAX_S = 30.0
"""From there until the answer has been taken: a slow form, a slow page, a slow reader."""
SWEEP_S = 1.0
TOLD_EVERY_S = 60.0


class Crowd:
    """All connections of one server. `refused`: users of this machine that get no answer, asked at each connection.

    `proxy_uid`: the user of the reverse proxy, if there is one.
    """

    def __init__(self, refused: Callable[[], Collection[int]] = tuple, proxy_uid: int | None = None) -> None:
        self._refused, self.proxy_uid = refused, proxy_uid
        self._inside: set[Connection] = set()
        self._sweeping: asyncio.TimerHandle | None = None
        self._told: dict[str, float] = {}

    def enter(self, new: "Connection", now_s: float) -> bool:
        """Accept a connection, if there is room or room can be made."""
        peer = new.peer
        if peer is None or (peer.local and (peer.uid is None or peer.uid in self._refused())):
            self._tell("screen.refused", peer, now_s)
            return False
        own = [c for c in self._inside if c.peer and c.peer.name == peer.name]
        share = PROXY_MAX if self.is_proxy(peer) else PER_PEER_MAX
        if len(own) >= share and not self._make_room(own):
            self._tell("screen.crowded", peer, now_s)
            return False
        here = peer.local and not self.is_proxy(peer)
        if len(self._inside) >= CONNECTIONS_MAX - (0 if here else RESERVED) and not self._make_room(self._most()):
            self._tell("screen.full", peer, now_s)
            return False
        self._inside.add(new)
        if self._sweeping is None:
            self._sweeping = new.loop.call_later(SWEEP_S, self._sweep, new.loop)
        return True

    def is_proxy(self, peer: Peer) -> bool:
        """Return True for the configured reverse proxy."""
        return peer.local and peer.uid is not None and peer.uid == self.proxy_uid

    def leave(self, gone: "Connection") -> None:
        self._inside.discard(gone)

    def _most(self) -> "list[Connection]":
        """Connections of the peer that has most of them."""
        names = Counter(c.peer.name for c in self._inside if c.peer)
        most = names.most_common(1)[0][0]
        return [c for c in self._inside if c.peer and c.peer.name == most]

    def _make_room(self, those: "list[Connection]") -> bool:
        idle = [c for c in those if not c.busy]
        if not idle:
            return False
        self._end(min(idle, key=lambda c: c.since_s))
        return True

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        now_s = loop.time()
        for c in list(self._inside):
            if now_s - c.since_s > (REQUEST_MAX_S if c.busy else HEAD_MAX_S):
                self._end(c)
        self._sweeping = loop.call_later(SWEEP_S, self._sweep, loop) if self._inside else None

    def _end(self, c: "Connection") -> None:
        self._inside.discard(c)
        c.transport.abort()  # close() would wait for a reader that does not read

    def _tell(self, event: str, peer: Peer | None, now_s: float) -> None:
        name = peer.name if peer else "unknown"
        if now_s - self._told.get(event, -TOLD_EVERY_S) >= TOLD_EVERY_S:
            self._told[event] = now_s
            structlog.get_logger().warning(event, peer=name, connections=len(self._inside))


class Connection(H11Protocol):
    """uvicorn's own HTTP/1.1, in a crowd. `since_s`: when it began to wait for a request, or to be answered."""

    def __init__(self, crowd: Crowd, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._crowd = crowd
        self.peer: Peer | None = None
        self.since_s = self.loop.time()

    @property
    def busy(self) -> bool:
        """True from the end of a request's head until the whole answer was handed over."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        with contextlib.suppress(TypeError, ValueError, IndexError):
            theirs, ours = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
            self.peer = peer_of(theirs[:2], ours[:2])
        super().connection_made(transport)
        if not self._crowd.enter(self, self.loop.time()):
            transport.abort()
            return
        assert self.peer is not None
        self.app_state = {**self.app_state, "peer": self.peer.name, "from_proxy": self._crowd.is_proxy(self.peer)}

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self.busy
        super().data_received(data)
        if self.busy is not before:
            self.since_s = self.loop.time()

    def on_response_complete(self) -> None:
        self.since_s = self.loop.time()
        super().on_response_complete()
