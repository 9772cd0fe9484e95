"""Receive what waits at the broker, a limited amount in each turn."""

from hq.mqtt import BrokerMessage, HqLink
from hq.service.event_intake import EventIntake
from hq.service.messages import MessageHandler

RETRY_S = 0.01
"""Pause before batches are tried again that another process has to make room for."""
GROUP_MESSAGES, GROUP_BYTES = 100, 8 * 1024 * 1024
"""What one turn receives at most, and one transaction stores: what arrived while the one before it was written."""


class Inbox:
    """Hands events to the intake, and handles every other message at once."""

    def __init__(self, link: HqLink, messages: MessageHandler, intake: EventIntake) -> None:
        self._link, self._messages, self._intake = link, messages, intake
        self._held: BrokerMessage | None = None

    def receive(self, timeout_s: float) -> None:
        """Wait for a message, then take what else has arrived."""
        wait_s = min(timeout_s, RETRY_S) if self._intake.waiting else timeout_s
        count = size = 0
        while count < GROUP_MESSAGES and size < GROUP_BYTES and not self._intake.full:
            self._held = self._held or self._link.receive(wait_s)
            if self._held is None:
                break
            wait_s, count, size = 0, count + 1, size + len(self._held.payload)
            if (batch := self._messages.take(self._held)) is not None:
                self._intake.add(batch)
            self._held = None  # only now: the database may have failed meanwhile
