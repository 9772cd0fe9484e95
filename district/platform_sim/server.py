"""The simulated platform over HTTP: calls by POST, and its contents by GET for people who look."""

from typing import Any

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

    async def contents_of(request: Request) -> Response:
        code = request.path_params["code"]
        return JSONResponse(_contents(platform, code), 200) if code in platform.projects else Response(status_code=404)

    return Starlette(
        routes=[
            Route("/open.api", call, methods=["POST"]),
            Route("/", contents),
            Route("/open.api", contents),
            Route("/projects/{code}", contents_of),
        ]
    )


def _contents(platform: SimPlatform, code: str) -> dict[str, Any]:
    """Return all that a project holds, but for pictures."""
    project = platform.projects[code]
    return {
        "companies": list(project.companies.values()),
        "teams": [{"teamSysNo": number, **team} for number, team in project.teams.items()],
        "workers": [
            {**worker, "idCardNumber": number, "headImage": len(worker["headImage"])}
            for number, worker in project.workers.items()
        ],
        "attendance": [
            {"idCardNumber": number, "date": time, "direction": way, "teamSysNo": team}
            for (number, time, way), team in sorted(project.attendance.items())
        ],
    }


def _counts(platform: SimPlatform, code: str) -> dict[str, int]:
    project = platform.projects[code]
    return {
        "companies": len(project.companies),
        "teams": len(project.teams),
        "workers": len(project.workers),
        "attendance": len(project.attendance),
    }
