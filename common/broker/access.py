"""How a program reaches the broker: address, certificates, password. Its errors name the configuration's keys."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


class LinkError(RuntimeError):
    """The connection cannot even be tried: a certificate or password file is missing or wrong."""


@dataclass(frozen=True, slots=True)
class KeyNames:
    """Words for the sentences: the configuration's `section`, its keys for host and port, and `whose` account it is.

    `twin`: a second program that uses the same name. `trial`: what to do where no broker is configured.
    """

    section: str
    whose: str
    host: str
    port: str
    twin: str
    trial: str = ""

    def of(self, key: str) -> str:
        """Return a key with its section."""
        return f"{self.section}.{key}"


GATE = KeyNames("sync", "this gate", "broker_host", "broker_port", "another computer with this gate's id")
HQ = KeyNames("broker", "HQ", "host", "port", "another HQ", "; for a trial: sitegate-hq run --with-broker")


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """Address and proof of identity. `password` reads the password at each connection and may raise LinkError."""

    names: KeyNames
    host: str
    port: int
    tls: bool
    ca_path: Path | None
    client_cert_path: Path | None
    client_key_path: Path | None
    username: str
    password: Callable[[], str]
    keepalive_s: int
    connect_timeout_s: float

    @property
    def where(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def configured(self) -> bool:
        """False for a broker on this machine with neither certificate nor user."""
        return self.tls or bool(self.username) or self.host not in ("127.0.0.1", "localhost", "::1")

    def check(self) -> None:
        """Read certificates and password once, so that a start reports what is wrong. Raises LinkError."""
        if self.tls:
            tls_context(self)
        self.password()


def tls_context(access: BrokerAccess) -> ssl.SSLContext:
    """Read the certificates. This happens at each connection: they are renewed without a restart. Raises LinkError."""
    names = access.names
    for key in ("ca_path", "client_cert_path", "client_key_path"):
        _readable(names.of(key), getattr(access, key))
    try:
        context = ssl.create_default_context(cafile=access.ca_path)
    except (OSError, ssl.SSLError) as error:
        raise _unusable(f"{names.of('ca_path')}: {access.ca_path} holds no certificate in PEM form") from error
    if access.client_cert_path is not None:
        try:
            context.load_cert_chain(access.client_cert_path, access.client_key_path)
        except (OSError, ssl.SSLError) as error:
            pair = f"{names.of('client_cert_path')} and {names.of('client_key_path')}"
            raise _unusable(f"{pair} are no certificate and its key, in PEM form ({_reason(error)})") from error
    return context


def _readable(key: str, path: Path | None) -> None:
    """Name the one file that cannot be read. Raises LinkError."""
    if path is None:
        return
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise _unusable(f"{key}: {path}: {error.strerror}") from error


def _unusable(what: str) -> LinkError:
    return LinkError(f"TLS cannot be set up: {what}: correct the file or its path")


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or error)
