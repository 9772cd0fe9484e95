"""Who is at the other end of a request: the cookies, the peer, and whether others can read along."""

import contextlib
import ipaddress

from starlette.requests import Request

from edge.screen.access.peers import Peer

COOKIE = "sitegate_session"
KEPT_COOKIE = "sitegate_kept_screen"
DEVICE_COOKIE, DEVICE_LASTS_S = "sitegate_device", 180 * 24 * 3600
"""Signs nobody in: it only keeps this browser's wrong passwords apart from those of others."""


def visitor_of(request: Request) -> str:
    """Return the peer of the connection itself (`edge.screen.access.connections`): a forwarded address may be false.

    Only the word of the configured proxy is believed: it is a user of this machine that nobody else is.
    """
    peer = getattr(request.state, "peer", None)
    host = request.client.host if request.client else ""
    if getattr(request.state, "from_proxy", False):
        with contextlib.suppress(ValueError):
            return Peer(str(ipaddress.ip_address(host)), local=False).name
    return peer if isinstance(peer, str) else host


def is_public(request: Request) -> bool:
    """Return True if the request came by the public name, through the reverse proxy."""
    return bool(getattr(request.state, "by_public_name", False))


def is_here(request: Request) -> bool:
    """Return True for a browser on this machine itself, and not for what a proxy forwards."""
    forwarded = is_public(request) or getattr(request.state, "from_proxy", False)
    return not forwarded and request.client is not None and _is_loopback(request.client.host)


def is_this_machine(request: Request) -> bool:
    """Return True for a browser on this machine, which opened the page by this machine's own address.

    A proxy that the configuration does not know is on this machine too. What it forwards names another host, or says
    that it is forwarded.
    """
    forwarded = {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"} & set(request.headers.keys())
    return is_here(request) and not forwarded and _is_loopback(request.url.hostname or "")


def is_private(request: Request) -> bool:
    """Return True if nobody in between can read a password: this machine itself, or HTTPS."""
    return request.url.scheme == "https" or is_here(request)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
