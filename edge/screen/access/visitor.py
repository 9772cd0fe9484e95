"""Who is at the other end of a request: the cookies, the peer, and whether others can read along."""

import ipaddress

from starlette.requests import Request

COOKIE = "sitegate_session"
DEVICE_COOKIE, DEVICE_LASTS_S = "sitegate_device", 180 * 24 * 3600
"""Signs nobody in: it only keeps this browser's wrong passwords apart from those of others."""


def visitor_of(request: Request) -> str:
    """Return the peer of the connection itself (`edge.screen.access.connections`): a forwarded address may be false."""
    peer = getattr(request.state, "peer", None)
    return peer if isinstance(peer, str) else request.client.host if request.client else ""


def is_private(request: Request) -> bool:
    """Return True if nobody in between can read a password: this machine itself, or HTTPS."""
    if request.url.scheme == "https":
        return True
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
