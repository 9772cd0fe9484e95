"""Only one HQ publishes: a lock on the folder, and a lease in the database that a thread renews."""

import fcntl
import os
import secrets
import socket
import threading
import time
from pathlib import Path

import structlog

from hq.database.clock import now
from hq.database.errors import StoreError
from hq.database.lease import LEASE_S, LeaseHolder, release_lease, take_lease
from hq.database.store import Store

log = structlog.get_logger()

RENEW_EVERY_S = 5.0
LOCK_NAME = "hq.lock"
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


class AnotherHq(RuntimeError):
    """Another HQ works here. The text names it and says what to do."""


class FolderLock:
    """Locks HQ's folder for one process that publishes, restores or moves. Raises AnotherHq."""

    def __init__(self, folder: Path) -> None:
        self._file: int | None = None
        path = folder / LOCK_NAME
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:  # the lease in the database remains
            log.warning("folder_not_locked", path=str(path), detail=error.strerror)
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            first = os.pread(file, 1000, 0).decode(errors="replace").strip()
            os.close(file)
            raise AnotherHq(f"another HQ works in {folder}: {first}. {_stop(first)}") from error
        os.ftruncate(file, 0)
        os.pwrite(file, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        self._file = file

    def close(self) -> None:
        """Unlock. May be called twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class OnlyHq:
    """The right to publish from a database. `take` it before anything is published, `check` it in every turn."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder
        self._me = LeaseHolder(
            token=secrets.token_hex(16),
            host=socket.gethostname()[:255],
            machine=_machine(),
            process=_process(os.getpid()) or str(os.getpid()),
            folder=str(folder)[:1000],
            started_utc=now(),
        )
        self._lock: FolderLock | None = None
        self._renewed_s = 0.0
        self._lost: str = ""
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self) -> None:
        """Take folder and database. May be called twice. Raises AnotherHq, StoreError."""
        if self._thread is not None:
            return
        self._lock = FolderLock(self._folder)
        try:
            with self._store.write("lease") as db:
                other = take_lease(db, self._me, _alive)
        except StoreError:
            self._lock.close()
            raise
        if other is not None:
            self._lock.close()
            raise AnotherHq(f"another HQ works on this database: {other}. {_stop(str(other))}")
        self._renewed_s = _passed_s()
        self._thread = threading.Thread(target=self._renew_until_ended, name="lease", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Check that the lease still stands. Raises AnotherHq if another HQ took over; DatabaseAway."""
        if self._thread is None:
            return
        if not self._lost and _passed_s() - self._renewed_s > LEASE_S / 2:  # this process was frozen, or is slow
            self._renew()
        if self._lost:
            raise AnotherHq(self._lost)

    def close(self) -> None:
        """Give folder and database free. May be called twice."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(RENEW_EVERY_S)
            self._thread = None
            try:
                with self._store.write("lease") as db:
                    release_lease(db, self._me.token)
            except StoreError as error:  # it ends by itself
                log.warning("lease_not_released", detail=str(error))
        if self._lock is not None:
            self._lock.close()

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(RENEW_EVERY_S) and not self._lost:
            try:
                self._renew()
            except StoreError:  # the process itself logs that the database is away
                continue

    def _renew(self) -> None:
        began_s = _passed_s()
        with self._store.write("lease") as db:
            other = take_lease(db, self._me, _alive)
        if other is not None:
            self._lost = f"another HQ has taken over this database: {other}. This one publishes nothing more and ends"
        self._renewed_s = began_s


def _stop(first: str) -> str:
    return (
        f"Stop it first (there: systemctl stop sitegate-hq, or kill it: {first.partition(' on ')[0]}); "
        f"if its machine is dead, start this one again in {LEASE_S:.0f} s"
    )


def _alive(holder: LeaseHolder) -> bool | None:
    """Tell whether a holder's process lives. None: it runs on another machine, or in another container."""
    if holder.machine != _machine():
        return None
    pid = int(holder.process.partition("/")[0])
    if found := _process(pid):
        return found == holder.process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user, whose processes are hidden here (ProtectProc=): the time decides
        return None
    return False  # it has ended, and its parent has not asked for that yet


def _machine() -> str:
    """Return a name of this start of this machine, and of this container: process ids count within it."""
    try:
        return f"{_BOOT.read_text(encoding='ascii').strip()} {_NAMESPACE.readlink()}"
    except OSError:
        return f"unknown {secrets.token_hex(8)}"


def _process(pid: int) -> str:
    """Return a process's id with the time of its start, in ticks since the machine's; "" if it does not live."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else f"{pid}/{fields[19]}"


def _passed_s() -> float:
    """Return seconds since the machine's start, with those in which it slept."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
