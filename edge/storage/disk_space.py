"""The disk under the state folder: its free space, and a reserve that only the journal may use."""

import math
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from contract.messages import Ack, DiskStep
from edge.core.config import DiskConfig
from edge.core.disk_policy import HYSTERESIS, at_least, next_step
from edge.storage import erasure
from edge.storage.salvage import salvaged_files

log = structlog.get_logger()

MB = 10**6
FORGET_AFTER_S = 3600.0
PIECE_BYTES = 1024 * 1024
"""The reserve is released in pieces. Another program that fills the disk gets at most one before the journal writes."""


class Reserve:
    """A file without content. It keeps space for events when the disk is full."""

    def __init__(self, path: Path, size_mb: int) -> None:
        self._path, self._bytes = path, size_mb * PIECE_BYTES

    @property
    def missing_bytes(self) -> int:
        """How much the reserve lacks; 0 while it is whole."""
        return max(0, self._bytes - self._held())

    def release_piece(self) -> bool:
        """Free one piece. Return False if none is left, or the disk refuses."""
        held = self._held()
        if held == 0:
            return False
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            try:
                os.ftruncate(handle, max(0, held - PIECE_BYTES))
                os.fsync(handle)  # some filesystems reuse freed space only after this
            finally:
                os.close(handle)
        except OSError as error:
            log.error("reserve_not_given", error=str(error))
            return False
        log.warning("reserve_given", left_bytes=self._held())
        return True

    def fill(self) -> bool:
        """Take the whole space again. Return False if the disk refuses."""
        held = self._held()
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            log.warning("reserve_not_kept", error=str(error))
            return False
        try:
            os.ftruncate(handle, min(held, self._bytes))  # after a smaller configuration
            os.posix_fallocate(handle, 0, self._bytes)
        except OSError as error:
            os.ftruncate(handle, held)  # do not keep a half: others need the space now
            log.warning("reserve_not_kept", error=str(error))
            return False
        finally:
            os.close(handle)
        return True

    def _held(self) -> int:
        try:
            return self._path.stat().st_size
        except OSError:
            return 0


class DiskSpace:
    """The port `edge.core.ports.Disk` on the filesystem of a folder."""

    def __init__(
        self,
        folder: Path,
        limits: DiskConfig,
        reserve: Reserve,
        *,
        free_bytes: Callable[[Path], int] | None = None,
        others: Sequence[Path] = (),
    ) -> None:
        """`free_bytes`: returns a folder's free space; the machine's own unless given.

        `others`: folders of other processes on the same disk, which may hold damaged databases.
        """
        self._others = others
        self._folder, self._limits, self._reserve = folder, limits, reserve
        self._free_bytes = free_bytes or _free_bytes
        self.step = DiskStep.OK
        self._damaged: dict[Path, float] = {}

    @property
    def diagnostics(self) -> bool:
        """True while there is space for more than events."""
        return not at_least(self.step, DiskStep.VERY_LOW)

    def measure(self) -> float:
        """See `edge.core.ports.Disk`. Fill a used reserve again once there is space for it."""
        free_mb = self._free_bytes(self._folder) / MB
        missing_mb = self._reserve.missing_bytes / MB
        if missing_mb and free_mb >= self._limits.critical_mb * HYSTERESIS + missing_mb and self._reserve.fill():
            free_mb, missing_mb = free_mb - missing_mb, 0.0
        self.step = DiskStep.CRITICAL if missing_mb else next_step(self.step, free_mb, self._limits)
        return free_mb

    def forget_salvaged(self, acks: Sequence[Ack]) -> None:
        """See `edge.core.ports.Disk`."""
        held, waits = {ack.epoch: ack.seq for ack in acks}, False
        for path, epoch, last in salvaged_files(self._folder):
            if held.get(epoch, 0) >= last:
                path.unlink(missing_ok=True)
                log.info("salvaged_events_at_hq", file=path.name)
            else:
                waits = True
        if not waits:
            self._forget_sealed()

    def _forget_sealed(self) -> None:
        """Overwrite the sealed enrolments in damaged journals: all that was saved of them is at HQ.

        Only after FORGET_AFTER_S, since a new one may be being read. In a thread, since the file may be large.
        """
        now_s = time.monotonic()
        for path in self._folder.glob("journal.db.corrupt-*"):
            self._damaged.setdefault(path, now_s + FORGET_AFTER_S)
        fresh = sorted(path for path, due_s in self._damaged.items() if due_s <= now_s)
        self._damaged |= dict.fromkeys(fresh, math.inf)

        def overwrite() -> None:
            for path in fresh:
                try:
                    if found := erasure.overwrite_damaged(path):
                        log.info("sealed_enrolments_overwritten", file=path.name, count=found)
                except (OSError, ValueError) as error:
                    log.warning("sealed_enrolments_not_overwritten", file=path.name, error=str(error))

        if fresh:
            threading.Thread(target=overwrite, name="overwrite", daemon=True).start()

    def leftovers(self) -> list[str]:
        """See `edge.core.ports.Disk`."""
        return leftovers(self._folder, *self._others)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def leftovers(*folders: Path) -> list[str]:
    """List the damaged databases that were set aside there, with their sizes."""
    there = [path for folder in folders for path in sorted(folder.glob("*.db.corrupt-*"))]
    found = [path for path in there if not path.name.endswith(("-wal", "-shm"))]
    return [f"{path.name} ({_mb_with_companions(path):.1f} MB)" for path in found]


def _mb_with_companions(path: Path) -> float:
    return sum(part.stat().st_size for part in path.parent.glob(f"{path.name}*")) / MB
