"""The lane's page: for everybody who stands before the gate."""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from edge import __version__
from edge.core.domain import Tone
from edge.screen.access.visitor import is_this_machine
from edge.screen.context import PageContext, PageRequest
from edge.screen.lane_view import DESK_SIGNS, SIGNS, LaneView, sign_named
from edge.screen.office.muster import DirectorySource
from edge.screen.ports import PreviewSource

LANE_HOLD_S = 1.0
"""A display hears something after this at the latest, changed or not."""
STREAM_S = 25.0
"""A stream ends by itself after this, so that no display holds a connection for ever. The page opens the next one
before."""
PREVIEW_HOLD_S = 2.0
PREVIEW_POLL_S = 0.02


class LanePages:
    """The handlers, with what they share. `preview`: the picture of who approaches; None: there is none."""

    def __init__(self, context: PageContext, names: DirectorySource, preview: PreviewSource | None) -> None:
        self._context, self._watch, self._names = context, context.watch, names
        self._preview = preview if context.config.screen.preview_hz else None

    def routes(self) -> list[Route]:
        """Return the routes of the lane."""
        return [
            self._context.open_page("/lane", self.page),
            self._context.open_page("/lane/events", self.events),
            self._context.open_page("/lane/preview", self.preview),
            self._context.open_page("/lane/sign", self.sign),
        ]

    async def page(self, request: PageRequest) -> Response:
        """Show the worker's page, with every sign it may have to show."""
        second = self._context.languages[request.texts.second]
        screen = self._context.config.screen
        return self._context.render(
            request,
            "lane/lane.html",
            second=second,
            view=self._watch.lane,
            signs=SIGNS,
            version=__version__,
            has_preview=self._has_preview(request),
            arrow=screen.desk_arrow,
            desk_signs=DESK_SIGNS,
            desk_places=[
                {"code": texts.code, "text": screen.desk_place[texts.code]}
                for texts in (request.texts, second)
                if texts.code in screen.desk_place
            ],
        )

    async def events(self, request: PageRequest) -> Response:
        """Answer with the present state, and with each new one, until the stream ends."""
        return StreamingResponse(self._states(), media_type="text/event-stream")

    async def preview(self, request: PageRequest) -> Response:
        """Answer with the next picture of who approaches; 204 if nobody comes meanwhile.

        Faces stay on this machine: no other gets a picture.
        """
        if self._preview is None or not self._has_preview(request):
            raise HTTPException(404)
        seen, loop = request.query("seen", "0"), asyncio.get_running_loop()
        number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 25 else 0
        end_s = loop.time() + PREVIEW_HOLD_S
        while loop.time() < end_s:
            if picture := self._preview(number):
                return Response(picture.jpeg, media_type="image/jpeg", headers={"X-Picture": str(picture.stamp)})
            await asyncio.sleep(PREVIEW_POLL_S)
        return Response(status_code=204)

    async def sign(self, request: PageRequest) -> Response:
        """Answer with the present tone and sign, as soon as they differ from the ones in the query.

        For displays that still show the page of an earlier version.
        """
        seen, present = _seen(request.http), self._watch.lane
        if seen is not None and (seen.tone, seen.sign) == (present.tone, present.sign):
            seen = present  # such a page knows no names
        view = await self._watch.lane_after(seen, LANE_HOLD_S)
        return JSONResponse({"tone": view.tone.value, "sign": view.sign.value})

    def _has_preview(self, request: PageRequest) -> bool:
        site = request.http.headers.get("sec-fetch-site", "none")
        return self._preview is not None and is_this_machine(request.http) and site in ("same-origin", "none")

    async def _states(self) -> AsyncIterator[str]:
        loop = asyncio.get_running_loop()
        seen, end_s = None, loop.time() + STREAM_S
        while loop.time() < end_s:
            seen = await self._watch.lane_after(seen, LANE_HOLD_S)
            yield f"event: lane\ndata: {json.dumps(self._state(seen))}\n\n"

    def _state(self, view: LaneView) -> dict[str, str]:
        return {"tone": view.tone.value, "sign": view.sign.value, "name": self._name(view), "version": __version__}

    def _name(self, view: LaneView) -> str:
        """Return the short name that the admitted worker agreed to; "" without one."""
        entry = self._names().entries.get(view.greets) if view.greets else None
        return (entry.greeting or "") if entry else ""


def _seen(request: Request) -> LaneView | None:
    try:
        return LaneView(Tone(request.query_params["tone"]), sign_named(request.query_params["sign"]))
    except (KeyError, ValueError):
        return None
