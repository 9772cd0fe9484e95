"""The smaller tasks of the HQ process that publishes."""

import time
from collections.abc import Callable

import structlog

from contract.codec import encode
from contract.messages import CommandAction, HqState
from contract.signing import sign
from contract.topics import Channel
from hq.database.clock import now
from hq.database.store import Store
from hq.ingest.corrected_times import correct_earlier
from hq.ingest.refusals import RefusalQueue
from hq.keys.encryption import AtRestError
from hq.keys.keys import HqKeys
from hq.lists.command_sender import CommandSender
from hq.lists.lock_downs import SiteLockDowns
from hq.mqtt import HqLink
from hq.reports.metrics import HqMetrics

log = structlog.get_logger()

_TIMES_EVERY_S = 1.0


class TimeCorrection:
    """Corrects the times of earlier events, a page in each turn while there are any."""

    def __init__(self, store: Store) -> None:
        self._store, self._due_s = store, 0.0

    def due(self) -> None:
        """Correct one page."""
        if time.monotonic() >= self._due_s and not correct_earlier(self._store):
            self._due_s = time.monotonic() + _TIMES_EVERY_S


class Announcement:
    """Announces HQ at each new connection to the broker. `connected_again`: called then."""

    def __init__(self, link: HqLink, *connected_again: Callable[[], None]) -> None:
        self._link, self._connected_again = link, connected_again
        self._connection = 0

    def due(self) -> None:
        """Announce HQ if the connection is new."""
        if self._link.connection != self._connection:
            self._connection = self._link.connection
            for call in self._connected_again:
                call()
            self.announce()

    def announce(self) -> None:
        """Say that HQ is there."""
        self._link.publish(Channel.HQ_STATE, encode(HqState(online=True, utc=now())))


class CommandDelivery:
    """Sends commands. `resync`: called for each gate that is to receive everything again."""

    def __init__(self, sender: CommandSender, resync: Callable[[str, str], None]) -> None:
        self._sender, self._resync = sender, resync

    def due(self) -> None:
        """Send the commands that are due."""
        for order in self._sender.send():
            if order.action is CommandAction.RESYNC:
                self._resync(order.site_id, order.gate_id)


class LockDownOffers:
    """Gives the lock-downs that stand to gates that connect. They are sent in the same turn."""

    def __init__(self, lock_downs: SiteLockDowns) -> None:
        self._lock_downs = lock_downs
        self._problem = ""

    def due(self) -> None:
        """Queue commands for the gates that need one. Without the at-rest key none can be queued: say so once."""
        try:
            queued, self._problem = self._lock_downs.offer(), ""
        except AtRestError as error:
            queued = 0
            if str(error) != self._problem:
                self._problem = str(error)
                log.error("lock_down_not_given", detail=self._problem)
        if queued:
            log.warning("lock_down_given", gates=queued)


class RefusalSending:
    """Reports to gates what HQ could not accept of theirs."""

    def __init__(self, refusals: RefusalQueue, link: HqLink, keys: HqKeys, metrics: HqMetrics) -> None:
        self._refusals, self._link, self._keys, self._metrics = refusals, link, keys, metrics

    def due(self) -> None:
        """Send the refusals that are due."""
        for site_id, newest, refusal in self._refusals.due():
            envelope = sign(encode(refusal), Channel.REFUSAL.value, self._keys.signing)
            if self._link.publish(Channel.REFUSAL, envelope, site_id, refusal.gate_id):
                self._refusals.mark_reported(refusal.gate_id, newest)
                self._metrics.refusals.inc()
                log.warning("gate_told", gate_id=refusal.gate_id, seq=refusal.seq, more=refusal.more)
