"""The name and sub-path by which a reverse proxy shows the pages."""

import pwd
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope


class UnknownProxyUser(ValueError):
    """The configured user of the proxy does not exist; the text says what to do."""


@dataclass(frozen=True, slots=True)
class PublicName:
    """`netloc`: name and port, "" without a proxy. `path`: the sub-path without a slash at its end, or ""."""

    netloc: str = ""
    path: str = ""

    @classmethod
    def of(cls, url: str) -> "PublicName":
        """Take it from `[screen] public_url`."""
        parts = urlsplit(url)
        return cls(parts.netloc.lower(), parts.path.rstrip("/"))

    def is_named(self, host: str) -> bool:
        """Return True if a Host header names the proxy. Proxies leave the port out, or keep it."""
        return bool(self.netloc) and host.lower() in (self.netloc, self.netloc.partition(":")[0])

    def applied(self, scope: Scope) -> Scope:
        """Return the request without the sub-path, and with a note whether it came by the public name.

        A proxy may pass the sub-path on or take it off. Links begin with it in either case, so that a browser on this
        machine sends it too.
        """
        state = {**scope.get("state", {}), "by_public_name": self.is_named(Headers(scope=scope).get("host", ""))}
        path = scope["path"]
        if self.path and (path == self.path or path.startswith(f"{self.path}/")):
            path = path[len(self.path) :] or "/"
        return {**scope, "state": state, "path": path}


NO_PROXY = PublicName()


def uid_of_proxy(name: str) -> int | None:
    """Return the user id of the proxy's user; None without one. Raises UnknownProxyUser."""
    if not name:
        return None
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise UnknownProxyUser(f"there is no user {name!r} on this machine: correct screen.proxy_user") from None
