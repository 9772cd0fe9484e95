"""Which worker does which round. A lease ends by itself; that of a dead process on this machine ends at once."""

import os
import secrets
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from district.exchange.models import WorkerLease

LEASE = timedelta(seconds=15)
"""A lease that was not renewed for this long is over. Machines need clocks that agree to a few seconds."""
RENEW_EVERY_S = 4.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """One worker process."""

    holder: str = field(default_factory=lambda: secrets.token_hex(16))
    machine: str = field(default_factory=lambda: _machine())
    process: str = field(default_factory=lambda: process_name(os.getpid()))

    def take(self, name: str) -> bool:
        """Take the lease of a round, if nobody alive holds it. Return whether it is ours."""
        now = timezone.now()
        values = {"holder": self.holder, "machine": self.machine, "process": self.process, "until": now + LEASE}
        held = WorkerLease.objects.filter(name=name).first()
        if held is None:
            with suppress(IntegrityError), transaction.atomic():
                WorkerLease.objects.create(name=name, **values)
                return True
            return False
        if held.holder != self.holder and not self._ended(held):
            return False
        same = Q(name=name, holder=held.holder, until=held.until)
        return WorkerLease.objects.filter(same).update(**values) == 1

    def renew(self) -> None:
        """Renew all leases of this worker."""
        WorkerLease.objects.filter(holder=self.holder).update(until=timezone.now() + LEASE)

    def release(self, names: Iterable[str] | None = None) -> None:
        """Give leases back, or all of them, so that another worker need not wait."""
        held = WorkerLease.objects.filter(holder=self.holder)
        (held if names is None else held.filter(name__in=names)).delete()

    def _ended(self, held: WorkerLease) -> bool:
        now = timezone.now()
        if held.until <= now or held.until > now + 2 * LEASE:  # the clock was set back: nobody renews it
            return True
        return held.machine == self.machine and process_name(int(held.process.partition("/")[0])) != held.process


def _machine() -> str:
    """Return a name that no other machine, and no other container of it, has."""
    try:
        space = Path("/proc/self/ns/pid").readlink()
        return f"{_BOOT.read_text().strip()}/{space}"[:120]
    except OSError:
        return f"{socket.gethostname()}/{secrets.token_hex(8)}"[:120]


def process_name(pid: int) -> str:
    """Return process id and start time; "" if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else f"{pid}/{fields[19]}"
