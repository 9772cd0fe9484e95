"""One round of the uploads, and the thread of the worker that makes the rounds.

A call may take 15 seconds. In a thread of its own it never holds up what goes to the gates.
"""

import logging
import threading
import time
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Q
from django.utils import timezone

from district.realname import look, reconcile
from district.realname.calls import Lacking, NotTaken
from district.realname.connector import Connector, NoAnswer, connector
from district.realname.models import SenderLease, SiteUpload
from district.realname.rules.signers import SecretError
from district.realname.rules.timing import LEASE, SITE_PAUSE
from district.realname.sender import Sender

PAUSE_S = 1.0
_logger = logging.getLogger(__name__)


class Rounds:
    """Makes the rounds of one process. Only the holder of the lease sends."""

    def __init__(self, platform: Connector) -> None:
        """Keep the connector."""
        self.holder = uuid4().hex
        self.platform = platform
        platform.may_call = lambda: self.hold(timezone.now())
        self.sender = Sender(platform)

    def make(self, now: datetime) -> bool:
        """Look at sites, send what is due, reconcile what is due. Return whether there was work."""
        if not self.hold(now):
            return False
        wait = timedelta(seconds=self.platform.config.batch_wait_s)
        sites = look.due(now)
        for site in sites:
            look.look(site, now, wait)
        handled = self.sender.page(now)
        reconciled = 0 if handled else self._reconcile(now)
        return bool(handled or reconciled)

    def hold(self, now: datetime) -> bool:
        """Take or keep the lease."""
        SenderLease.objects.get_or_create(pk=1, defaults={"until": now})
        mine = SenderLease.objects.filter(Q(holder=self.holder) | Q(until__lt=now), pk=1)
        return bool(mine.update(holder=self.holder, until=now + LEASE))

    def release(self) -> None:
        """Give the lease back, so that another process need not wait."""
        SenderLease.objects.filter(pk=1, holder=self.holder).update(until=timezone.now())

    def _reconcile(self, now: datetime) -> int:
        """Reconcile one site; the next round takes the next one, after what is due."""
        for site in reconcile.due(now)[:1]:
            try:
                reconcile.reconcile(self.sender.calls(site), now)
            except (Lacking, NotTaken, NoAnswer, SecretError, OSError) as error:
                SiteUpload.objects.filter(pk=site.pk).update(
                    paused_until=now + SITE_PAUSE, trouble=f"reconciliation: {error}"[:200]
                )
            return 1
        return 0


class SenderThread(threading.Thread):
    """Makes rounds until the process ends. At an end in the middle of a call the lease runs out by itself."""

    def __init__(self, platform: Connector) -> None:
        """Make a thread that does not hold up the end of the process."""
        super().__init__(name="realname", daemon=True)
        self.rounds = Rounds(platform)

    def run(self) -> None:
        """Make rounds. A database that is away is tried again."""
        while True:
            try:
                worked = self.rounds.make(timezone.now())
            except DatabaseError as error:
                _logger.warning("realname: the database failed: %s", type(error).__name__)
                connection.close()
                worked = False
            close_old_connections()
            if not worked:
                time.sleep(PAUSE_S)


_thread: list[SenderThread] = []


def keep_sending() -> bool:
    """Keep the sending thread alive. Return False: the worker has no work with it."""
    if not _thread or not _thread[0].is_alive():
        platform = connector()
        if platform is not None:
            _thread[:] = [SenderThread(platform)]
            _thread[0].start()
    return False
