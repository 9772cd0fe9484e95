"""Checks of every request, and headers of every response.

A request must name this machine, and may only read, except for the forms that the pages name.
"""

import ipaddress
import socket
from collections.abc import Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.screen.access.public_name import NO_PROXY, PublicName

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; font-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


FORM_TYPE = "application/x-www-form-urlencoded"
FORM_BYTES_MAX = 8_192


class RequestCheck:
    """ASGI middleware that refuses other methods and foreign host names, and adds the security headers.

    A web page elsewhere can make its own name point to 127.0.0.1 (DNS rebinding), and read this screen through the
    visitor's browser. It cannot change the name in the Host header, so that header is checked.

    `forms`: the only paths that take a POST; each checks session and token itself (`edge.screen.context`). `public`:
    the name behind a reverse proxy. Its sub-path may be in front of every path, and is taken off.
    """

    def __init__(self, app: ASGIApp, bound_host: str, forms: Collection[str], public: PublicName = NO_PROXY) -> None:
        self._app, self._bound, self._forms, self._public = app, bound_host, forms, public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        scope = self._public.applied(scope)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
            await send(message)

        await (self._refusal(scope) or self._app)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers, form = Headers(scope=scope), scope["method"] == "POST" and scope["path"] in self._forms
        if not form and scope["method"] not in ("GET", "HEAD"):
            allowed = "GET, HEAD"
            return PlainTextResponse("This screen is read-only.\n", 405, {"Allow": allowed})
        host = headers.get("host", "")
        if not self._public.is_named(host) and not host_allowed(host, self._bound):
            return PlainTextResponse(
                "Open this screen by its own address, or set [screen] public_url to this one.\n", 421
            )
        return _wrong_form(headers, self._public) if form else None


def _wrong_form(headers: Headers, public: PublicName) -> ASGIApp | None:
    """Refuse, unread, a form from another page, of another kind, or too long."""
    # Browsers say where a request comes from, and no page can make them lie. Origin is "null" under our
    # Referrer-Policy.
    origin = headers.get("origin", "null")
    ours = {headers.get("host", "")} | ({public.netloc} if public.is_named(headers.get("host", "")) else set())
    foreign = origin != "null" and origin.partition("://")[2] not in ours
    if foreign or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return PlainTextResponse("This form belongs to another page.\n", 403)
    if headers.get("content-type", "").partition(";")[0].strip() != FORM_TYPE:
        return PlainTextResponse("Not a form.\n", 415)
    length = headers.get("content-length", "").lstrip("0") or "0"
    # A body in chunks may be longer than Content-Length says.
    known = "content-length" in headers and "transfer-encoding" not in headers
    if not known or not length.isascii() or not length.isdigit() or len(length) > 9 or int(length) > FORM_BYTES_MAX:
        return PlainTextResponse("Too long.\n", 413)
    return None


def host_allowed(header: str, bound_host: str) -> bool:
    """True if a Host header names this machine.

    Accepted: an address (only loopback, if we listen only there), localhost, the configured host, the machine's own
    name.
    """
    name = header.rsplit(":", 1)[0] if not header.endswith("]") else header
    name = name.strip("[]").lower()
    if name in ("localhost", bound_host.lower()):
        return True
    local_only = bound_host == "localhost" or _is_loopback(bound_host)
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        own = socket.gethostname().lower()
        return not local_only and name in (own, f"{own}.local")
    return address.is_loopback or not local_only


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
