"""Numbers and signs the network process's own messages with the link key: nobody can play an old one again."""

import threading
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contract.codec import encode
from contract.identity import sign_message
from contract.messages import GateStatus, Health, SnapshotRequest
from contract.topics import Channel

Said = GateStatus | Health | SnapshotRequest
RESTART_GAP = 10_000
"""Serials left out after a start: the last ones before it may not be on the disk."""


class MessageSigner:
    """Serials are milliseconds of the wall clock. They go on counting if the clock was set back. Thread-safe.

    `last`: the highest serial that an earlier process is known to have used.
    """

    def __init__(self, key: Ed25519PrivateKey | None, now_ms: Callable[[], int], last: int) -> None:
        self._key, self._now_ms = key, now_ms
        self.last = last + RESTART_GAP if last else 0
        self._lock = threading.Lock()

    def sign(self, message: Said, channel: Channel) -> bytes:
        """Return the message with the next serial, signed. Without a key it is unsigned, and HQ says what is
        missing."""
        numbered = message.model_copy(update={"serial": self.next_serial()})
        return self._signed(encode(numbered), channel)

    def sign_will(self, status: GateStatus, connection: int) -> bytes:
        """Return what the broker publishes when a connection breaks. It ends only the connection that began at this
        serial."""
        bound = status.model_copy(update={"connection": connection, "serial": connection})
        return self._signed(encode(bound), Channel.STATUS)

    def next_serial(self) -> int:
        """Use the next serial."""
        with self._lock:
            self.last = max(self.last + 1, self._now_ms())
            return self.last

    def _signed(self, payload: bytes, channel: Channel) -> bytes:
        return sign_message(payload, channel.value, self._key) if self._key else payload
