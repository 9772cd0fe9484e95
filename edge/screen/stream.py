"""Server-sent events: tell open pages at once that something changed. The pages then ask for their changing part."""

from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from edge.screen.context import PageRequest
from edge.screen.journal.follower import Watch

STREAM_TURNS = 25
"""A stream ends by itself after so many seconds; the browser opens the next. No reader holds a connection for ever."""
RETRY_MS = 200


class EventStream:
    """The stream of one watch."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def events(self, request: PageRequest) -> Response:
        """Answer with `changed` events until the stream ends."""
        answer = StreamingResponse(self._changes(), media_type="text/event-stream")
        answer.headers["X-Accel-Buffering"] = "no"  # a reverse proxy must not collect events
        return answer

    async def _changes(self) -> AsyncIterator[str]:
        seen = self._watch.changes
        yield f"retry: {RETRY_MS}\nevent: changed\ndata: {seen}\n\n"
        for _ in range(STREAM_TURNS):
            now = await self._watch.change_after(seen, timeout_s=1.0)
            yield f"event: changed\ndata: {now}\n\n" if now != seen else ": quiet\n\n"
            seen = now
