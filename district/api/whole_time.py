"""An HTTP transport whose exchanges end in time. httpx limits each read alone, so a dripping answer lasts for days."""

import time
from typing import Any

import httpcore
import httpx


class _Bounded(httpcore.NetworkStream):
    """A connection that ends at one moment, also if more comes."""

    def __init__(self, inner: httpcore.NetworkStream, until: float) -> None:
        self._inner, self._until = inner, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there. Raises httpcore.ReadTimeout."""
        return self._inner.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send. Raises httpcore.WriteTimeout."""
        self._inner.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        """Encrypt the connection."""
        return _Bounded(self._inner.start_tls(*args, **options), self._until)

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection."""
        return self._inner.get_extra_info(info)

    def _left(self, timeout: float | None, error: type[Exception]) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise error("the whole exchange took too long")
        return left if timeout is None else min(left, timeout)


class _Backend(httpcore.SyncBackend):
    def __init__(self, whole_s: float) -> None:
        self._whole_s = whole_s

    def connect_tcp(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        """Connect. The time of the whole exchange begins."""
        until = time.monotonic() + self._whole_s
        return _Bounded(super().connect_tcp(*args, **options), until)


def whole_time_transport(whole_s: float) -> httpx.HTTPTransport:
    """Return a transport. Each exchange has a connection of its own, which lasts so many seconds at most."""
    transport = httpx.HTTPTransport(trust_env=False)
    transport._pool = httpcore.ConnectionPool(
        ssl_context=httpx.create_ssl_context(trust_env=False),
        network_backend=_Backend(whole_s),
        max_keepalive_connections=0,
    )
    return transport
