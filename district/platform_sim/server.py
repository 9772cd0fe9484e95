"""The simulated platform over HTTP: calls by POST, and its contents by GET for people who look."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from district.platform_sim.platform import AnswerLost, SimPlatform

BODY_MAX_BYTES = 4 * 1024 * 1024


def app(platform: SimPlatform) -> Starlette:
    """Make the server of a platform."""

    async def call(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > BODY_MAX_BYTES:
                return Response(status_code=413)
        try:
            status, content = platform.answer(request.url.query, body)
        except AnswerLost:
            return Response(status_code=502)
        return Response(content, status, media_type="application/json")

    async def contents(_request: Request) -> Response:
        return JSONResponse({code: _counts(platform, code) for code in platform.projects})

    return Starlette(
        routes=[Route("/open.api", call, methods=["POST"]), Route("/", contents), Route("/open.api", contents)]
    )


def _counts(platform: SimPlatform, code: str) -> dict[str, int]:
    project = platform.projects[code]
    return {
        "companies": len(project.companies),
        "teams": len(project.teams),
        "workers": len(project.workers),
        "attendance": len(project.attendance),
    }
