"""What is wrong with a connection to the broker, in one sentence that says what to do next."""

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from common.broker.access import BrokerAccess

_EXPIRED, _NOT_YET_VALID, _OTHER_NAME, _OTHER_ADDRESS = 10, 9, 62, 64
"""OpenSSL's codes of a refused certificate (X509_V_ERR_...)."""
_BAD_PASSWORD, _NOT_AUTHORIZED, _BANNED, _BAD_METHOD = 0x86, 0x87, 0x8A, 0x8C
_TAKEN_OVER = 0x8E


def not_reached(access: BrokerAccess, error: Exception) -> str:
    """Say why no connection came about."""
    names = access.names
    address = f"{names.of(names.host)} and {names.of(names.port)}"
    match error:
        case ssl.SSLCertVerificationError():
            return _not_trusted(access, error)
        case ssl.SSLError():
            todo = f"correct {address}; {names.of('tls')} = true needs a broker with TLS on that port"
            return f"{access.where} does not answer with TLS ({error.reason or error}): {todo}"
        case socket.gaierror():
            todo = f"correct {names.of(names.host)}, or this machine's name servers"
            return f"cannot reach {access.where}: the name is not known here ({error.strerror}): {todo}"
        case TimeoutError():
            todo = f"look at network and firewall, and at {address}"
            return f"cannot reach {access.where}: no answer within {access.connect_timeout_s:g} s: {todo}"
        case ConnectionRefusedError():
            trial = "" if access.configured else names.trial
            return f"cannot reach {access.where}: {error}: start the broker there, or correct {address}{trial}"
    return f"cannot reach {access.where}: {error}: look at the network, and at {address}"


def _not_trusted(access: BrokerAccess, error: ssl.SSLCertVerificationError) -> str:
    names, code = access.names, error.verify_code
    if code == _EXPIRED:
        todo = "renew it at the broker, or correct this clock"
    elif code == _NOT_YET_VALID:
        todo = f"correct this clock (it shows {datetime.now(UTC):%Y-%m-%d %H:%M} UTC), or the certificate's dates"
    elif code in (_OTHER_NAME, _OTHER_ADDRESS):
        todo = f"write a name of the certificate in {names.of(names.host)}, or give the broker one for {access.host}"
    else:
        todo = f"correct {names.of('ca_path')}: it names the authority that signed the broker's certificate"
    return f"the certificate of {access.where} cannot be trusted ({error.verify_message}): {todo}"


def refused(access: BrokerAccess, code: int, reason: str) -> str:
    """Say why the broker refused the connection. `code` and `reason`: of its CONNACK (MQTT 5, 3.2.2.2)."""
    names = access.names
    text = f"the broker refuses {names.whose}: {reason}"
    if code in (_BAD_PASSWORD, _NOT_AUTHORIZED, _BAD_METHOD):
        password = f"{names.of('username')}, {names.of('password')}"
        if not access.username and access.client_cert_path is None:
            return f"{text} (it wants a user: set {password} or {names.of('client_cert_path')})"
        return f"{text} (check {password}, certificate, and the user at the broker)"
    if code == _BANNED:
        return f"{text} (remove the ban at the broker)"
    return f"{text} (look at the broker's log)"


def hung_up(access: BrokerAccess) -> str:
    """Say why a broker closes the connection before it answers. A refused certificate shows only so (TLS 1.3)."""
    names, text = access.names, f"{access.where} hung up before it answered"
    if not access.tls:
        return f"{text}: is it an MQTT 5 broker, and does it want TLS ({names.of('tls')} = true)?"
    if (path := access.client_cert_path) is None:
        return f"{text}: is it an MQTT 5 broker, and does it want a certificate ({names.of('client_cert_path')})?"
    if wrong := own_certificate_problem(path):
        return f"{text}: {names.of('client_cert_path')}: {wrong}"
    whose = f"{names.whose}'s certificate ({names.of('client_cert_path')}; perhaps of another authority)"
    return f"{text}: is it an MQTT 5 broker, and does it know {whose}?"


def lost(access: BrokerAccess, code: int, reason: str) -> str:
    """Say why a connection that was accepted ended."""
    if code == _TAKEN_OVER:
        return f"connection lost: {access.names.twin} has connected to this broker: stop one of them"
    return f"connection lost: {reason}"


def lost_again(access: BrokerAccess, times: int) -> str:
    """Say what it means that connections end right after they were made. mosquitto 2.0 gives no reason."""
    twin = access.names.twin
    return f"connection lost right after it was made, {times} times: does {twin} use this broker? Stop one of them"


def own_certificate_problem(path: Path) -> str:
    """Say why a certificate of this side is not valid now; "" if it is, or if it cannot be read."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return ""
    at = datetime.now(UTC)
    if at > certificate.not_valid_after_utc:
        return f"{path} expired on {certificate.not_valid_after_utc:%Y-%m-%d}: renew it"
    if at < certificate.not_valid_before_utc:
        return f"{path} is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC: correct this clock"
    return ""
