"""The lane's page: for everybody who stands before the gate."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from edge.core.domain import Tone
from edge.screen.context import PageContext, PageRequest
from edge.screen.lane_view import SIGNS, LaneView, sign_named

LANE_HOLD_S = 1.0
"""A lane display's question is answered after this at the latest, changed or not."""


class LanePages:
    """The handlers, with what they share."""

    def __init__(self, context: PageContext) -> None:
        self._context, self._watch = context, context.watch

    def routes(self) -> list[Route]:
        """Return the routes of the lane."""
        return [
            self._context.open_page("/lane", self.page),
            self._context.open_page("/lane/sign", self.sign),
        ]

    async def page(self, request: PageRequest) -> Response:
        """Show the worker's page, with every sign it may have to show."""
        second = self._context.languages[request.texts.second]
        return self._context.render(request, "lane/lane.html", second=second, view=self._watch.lane, signs=SIGNS)

    async def sign(self, request: PageRequest) -> Response:
        """Answer with the present tone and sign, as soon as they differ from the ones in the query."""
        view = await self._watch.lane_after(_seen(request.http), LANE_HOLD_S)
        return JSONResponse({"tone": view.tone.value, "sign": view.sign.value})


def _seen(request: Request) -> LaneView | None:
    try:
        return LaneView(Tone(request.query_params["tone"]), sign_named(request.query_params["sign"]))
    except (KeyError, ValueError):
        return None
