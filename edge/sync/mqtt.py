"""The gate's connection to HQ's broker. The journal is the only outbox (`common.broker.link`)."""

from collections.abc import Callable, Sequence

from common.broker.access import GATE, BrokerAccess, LinkError
from common.broker.link import BrokerLink, LinkState
from common.broker.session import Publication, Received
from contract.signing import BadKey
from edge.core.config import SyncConfig
from edge.system.key_files import secret

__all__ = ["LinkError", "LinkState", "MqttLink", "Publication", "Received"]


class MqttLink(BrokerLink):
    """A connection that restores itself, as [sync] says. Raises LinkError."""

    def __init__(
        self,
        config: SyncConfig,
        client_id: str,
        subscriptions: Sequence[tuple[str, int]],
        *,
        will: Callable[[], Publication] | None = None,
    ) -> None:
        """`will`: see `BrokerLink`."""
        pauses_s = config.backoff_min_s, config.backoff_max_s
        super().__init__(access(config), client_id, subscriptions, will=will, pauses_s=pauses_s)


def access(config: SyncConfig) -> BrokerAccess:
    """Return how [sync] reaches the broker."""
    return BrokerAccess(
        names=GATE,
        host=config.broker_host,
        port=config.broker_port,
        tls=config.tls,
        ca_path=config.ca_path,
        client_cert_path=config.client_cert_path,
        client_key_path=config.client_key_path,
        username=config.username,
        password=lambda: _password(config),
        keepalive_s=config.keepalive_s,
        connect_timeout_s=config.connect_timeout_s,
    )


def _password(config: SyncConfig) -> str:
    """Read the password. This happens at each connection, as with the certificates. Raises LinkError."""
    try:
        return secret(config.password, config.password_path, "sync.password_path").get_secret_value()
    except BadKey as error:
        raise LinkError(str(error)) from error
