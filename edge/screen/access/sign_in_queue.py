"""Let sign-ins wait for one another, so that a storm of them keeps nobody out."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from edge.screen.access.attempts import Visitor

WAITING_MAX = 32
"""So many sign-ins may wait for the one being checked; each takes a good part of a second on purpose."""
WAITING_OF_ONE_MAX = 16
"""Of these, from one visitor."""


class SignInQueue:
    """Visitors take turns: somebody who tries once waits for at most one check of each other visitor.

    When the queue is full, the visitor with most sign-ins in it loses its newest one.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[Visitor, deque[asyncio.Future[bool]]] = OrderedDict()
        self._busy = False

    @asynccontextmanager
    async def turn(self, visitor: Visitor) -> AsyncIterator[bool]:
        """Wait for this visitor's turn. Yield False if there is no room."""
        if not await self._begin(visitor):
            yield False
            return
        try:
            yield True
        finally:
            self._next()

    async def _begin(self, visitor: Visitor) -> bool:
        if not self._busy:
            self._busy = True
            return True
        if not self._make_room(visitor):
            return False
        place: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(visitor, deque()).append(place)
        try:
            return await place
        except asyncio.CancelledError:  # The browser has gone.
            if place.done() and not place.cancelled() and place.result():
                self._next()  # Its turn had come.
            else:
                self._drop(visitor, place)
            raise

    def _make_room(self, visitor: Visitor) -> bool:
        own = len(self._waiting.get(visitor, ()))
        if own >= WAITING_OF_ONE_MAX:
            return False
        if sum(map(len, self._waiting.values())) < WAITING_MAX:
            return True
        most = max(self._waiting, key=lambda one: len(self._waiting[one]))
        if len(self._waiting[most]) <= own + 1:
            return False
        place = self._waiting[most][-1]
        self._drop(most, place)
        place.set_result(False)
        return True

    def _next(self) -> None:
        """Give the turn to the visitor who has had none for longest."""
        while self._waiting:
            visitor, places = self._waiting.popitem(last=False)
            place = places.popleft()
            if places:
                self._waiting[visitor] = places  # at the end
            if not place.done():
                place.set_result(True)
                return
        self._busy = False

    def _drop(self, visitor: Visitor, place: "asyncio.Future[bool]") -> None:
        places = self._waiting.get(visitor)
        if places is not None and place in places:
            places.remove(place)
            if not places:
                del self._waiting[visitor]
