"""How long the broker's own certificate is still valid: a check must say it before every gate is cut off."""

import socket
import ssl
from datetime import datetime

from common.broker.access import BrokerAccess, tls_context

_TIMEOUT_S = 5.0


def days_left_at(access: BrokerAccess, now: datetime) -> float | None:
    """Return the days left of the broker's certificate; None without TLS, or if it cannot be seen. Raises LinkError."""
    if not access.tls:
        return None
    try:
        with (
            socket.create_connection((access.host, access.port), _TIMEOUT_S) as plain,
            tls_context(access).wrap_socket(plain, server_hostname=access.host) as secured,
        ):
            found = secured.getpeercert() or {}
    except OSError:  # the connection's own check says what is wrong
        return None
    ends = found.get("notAfter")
    return (ssl.cert_time_to_seconds(ends) - now.timestamp()) / 86_400 if isinstance(ends, str) else None
