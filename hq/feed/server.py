"""Serve the feed over HTTP, for programs of other makers (docs/FEED.md). One token opens it."""

import hmac
import os
import secrets
import socket
from pathlib import Path
from typing import Annotated

import uvicorn
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from common.ids import NoId
from common.terminal.problems import problems
from hq.database.errors import StoreError
from hq.feed.cursor import CURSOR_MAX, BadCursor
from hq.feed.feed import LIMIT, LIMIT_MAX, Feed

REQUEST_MAX = 2 * CURSOR_MAX
"""Bytes: a cursor within JSON."""
AT_ONCE = 20
TOKEN_MIN = 32
"""Characters."""


class FeedRefused(RuntimeError):
    """The feed cannot be served. The text says why and what to do."""


class FeedRequest(BaseModel):
    """What a reader asks for."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    cursor: str = ""
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT
    reader: str = Field(default="", max_length=64)


def feed_app(feed: Feed, token: str) -> Starlette:
    """Make the application: POST /v1/feed."""

    async def read(request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), token.encode()):
            return _refusal(401, "say who you are: Authorization: Bearer TOKEN")
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > REQUEST_MAX:
                return _refusal(413, f"a request has at most {REQUEST_MAX} bytes")
        try:
            asked = FeedRequest.model_validate_json(bytes(body) or b"{}")
            page = await run_in_threadpool(feed.read, asked.cursor, asked.limit, asked.reader)
        except ValidationError as error:
            return _refusal(400, problems(error))
        except (BadCursor, NoId) as error:
            return _refusal(400, str(error))
        except StoreError:  # it names HQ's database: for HQ's log, not for the reader
            return _refusal(503, "HQ's database is away: ask again later, with the same cursor")
        return Response(page.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})

    return Starlette(routes=[Route("/v1/feed", read, methods=["POST"])])


def token_of(path: Path) -> str:
    """Read the token, and make the file if there is none. Raises FeedRefused where others may read it, OSError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(TOKEN_MIN) + "\n")
    if path.stat().st_mode & 0o077:
        raise FeedRefused(f"others may read {path}: chmod 600 {path}, and choose a new token")
    token = path.read_text(encoding="utf-8").strip()
    if len(token) < TOKEN_MIN or not token.isascii():
        raise FeedRefused(f"{path} holds no token of at least {TOKEN_MIN} letters: remove it, and a new one is made")
    return token


def listening(host: str, port: int) -> socket.socket:
    """Open the port. Raises FeedRefused."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except OSError as error:
        found.close()
        raise FeedRefused(f"cannot listen on {host}:{port} ({error.strerror}): choose another --port") from error
    return found


def server_of(app: Starlette) -> uvicorn.Server:
    """Make the server; `run(sockets=…)` serves, `should_exit` ends it."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            limit_concurrency=AT_ONCE,
            timeout_graceful_shutdown=2,
            ws="none",
        )
    )


def _refusal(status: int, text: str) -> JSONResponse:
    return JSONResponse({"error": text}, status)
