"""What the network process says of itself: numbered, so that nothing old can be played again, and signed with the link key."""

import threading
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.codec import encode
from contract.identity import sign_message
from contract.messages import GateStatus, Health, SnapshotRequest
from contract.topics import Channel

Said = GateStatus | Health | SnapshotRequest
RESTART_GAP = 10_000
"""So much is left out after a start: the last numbers before it may not be on the disk."""


class MessageSigner:
    """Serials are milliseconds of the wall clock, and go on counting where that was set back. `last`: the highest that an
    earlier process is known to have used. Safe to use from the connection's thread too."""

    def __init__(self, key: Ed25519PrivateKey | None, now_ms: Callable[[], int], last: int) -> None:
        self._key, self._now_ms = key, now_ms
        self.last = last + RESTART_GAP if last else 0
        self._lock = threading.Lock()

    def sign(self, message: Said, channel: Channel) -> bytes:
        """The message with the next serial, signed; without a key it goes out unsigned, and HQ says what is missing."""
        numbered = message.model_copy(update={"serial": self.next_serial()})
        return self._signed(encode(numbered), channel)

    def sign_will(self, status: GateStatus, connection: int) -> bytes:
        """What the broker says when a connection breaks: it ends the connection that began at this serial, and no other."""
        bound = status.model_copy(update={"connection": connection, "serial": connection})
        return self._signed(encode(bound), Channel.STATUS)

    def next_serial(self) -> int:
        with self._lock:
            self.last = max(self.last + 1, self._now_ms())
            return self.last

    def _signed(self, payload: bytes, channel: Channel) -> bytes:
        return sign_message(payload, channel.value, self._key) if self._key else payload
