"""Keep room for events: forget events that HQ holds, and report the disk's steps (`edge.core.disk_policy`)."""

import structlog

from contract.messages import DiskStep, NoticeCode, NoticeEvent
from edge.core.config import Config
from edge.core.disk_policy import KEEP_EVENTS, Sample, at_least, days_kept, days_left, with_sample
from edge.core.domain import DiskState
from edge.core.lasting_ref import LastingKind, LastingRef, newest
from edge.core.ports import Journal, JournalError
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import JournalWriter

log = structlog.get_logger()

MEASURE_EVERY_S = 10.0
SAMPLE_EVERY_S = 600.0
PRUNE_EVERY_S = 600.0
ERASE_EVERY_S = 10.0
LOG_CUT_MB, LOG_REPORT_MB = 8.0, 32.0
"""Sizes of the journal's -wal file: above the first it is shortened if no reader prevents it, above the second
reported."""


class DiskWatch:
    def __init__(self, config: Config, adapters: Adapters, writer: JournalWriter) -> None:
        self._config, self._adapters, self._writer = config, adapters, writer
        self._measure_due = self._sample_due = self._prune_due = self._erase_due = 0.0
        self._samples: tuple[Sample, ...] = ()
        self._days_left: float | None = None
        self._shrinking = True
        self._free_mb = 0.0
        self._log_reported = False
        if adapters.disk is not None:
            adapters.disk.step = _step_before_restart(adapters.journal)

    @property
    def state(self) -> DiskState | None:
        """Return the disk's state for the screen and for HQ; None before the first measurement, or without a disk
        adapter."""
        if self._adapters.disk is None or not self._measure_due:
            return None
        return DiskState(step=self._adapters.disk.step, free_mb=round(self._free_mb), days_left=self._days_left)

    def run_due(self) -> None:
        """Run every task that is due."""
        now = self._adapters.clock.monotonic()
        if self._adapters.disk is not None and now >= self._measure_due:
            self._measure_due = now + MEASURE_EVERY_S
            self._check(now)
        if now >= self._erase_due:
            self._erase_due = now + ERASE_EVERY_S
            self._erase()
        if now >= self._prune_due:
            try:
                more = self._free_space()
            except JournalError as error:  # a full disk refuses deletions too: try again later
                log.warning("nothing_forgotten", error=str(error))
                more = False
            self._prune_due = now + (0.0 if more else PRUNE_EVERY_S)  # continue at the next turn

    def _erase(self) -> None:
        """Erase sealed enrolments as soon as HQ holds them."""
        try:
            waits = self._adapters.journal.sealed_since()
            if erased := self._adapters.journal.erase_sealed(self._acked() if waits else 0):
                log.info("sealed_enrolments_erased", count=erased)
        except JournalError as error:
            log.warning("sealed_enrolments_not_erased", error=str(error))

    def _check(self, now: float) -> None:
        disk = self._adapters.disk
        assert disk is not None
        before = disk.step
        try:
            self._free_mb = disk.measure()
            disk.forget_salvaged(self._adapters.roster.acks())
        except OSError as error:
            log.warning("disk_not_seen", error=str(error))
            return
        if disk.step is not before:
            self._report_step(disk.step, disk.leftovers())
            self._prune_due = 0.0
        self._check_log()
        if now >= self._sample_due:
            self._sample_due = now + SAMPLE_EVERY_S
            self._forecast(now)

    def _check_log(self) -> None:
        """Report and shorten a large -wal file. It grows while another program reads the journal."""
        journal = self._adapters.journal
        size_mb = journal.size().log_mb
        if size_mb > LOG_CUT_MB:
            journal.checkpoint()
            size_mb = journal.size().log_mb
        if size_mb > LOG_REPORT_MB and not self._log_reported:
            detail = (
                f"the -wal file of the journal has {size_mb:.0f} MB, because {journal.held_open_by()} keeps it open"
            )
            self._writer.defer_notice(NoticeCode.JOURNAL_HELD, detail)
            self._log_reported = True
        self._log_reported = self._log_reported and size_mb > LOG_CUT_MB

    def _report_step(self, step: DiskStep, leftovers: list[str]) -> None:
        code = NoticeCode.DISK_OK if step is DiskStep.OK else NoticeCode.DISK_LOW
        detail = f"{step.value}: {self._free_mb:.0f} MB free"
        if (log_mb := self._adapters.journal.size().log_mb) > LOG_CUT_MB:
            detail += f"; {log_mb:.0f} MB in the journal's -wal file, held by {self._adapters.journal.held_open_by()}"
        if leftovers and at_least(step, DiskStep.VERY_LOW):
            detail += f"; copy away and delete {', '.join(leftovers)}"
        ref = str(LastingRef.new(LastingKind.DISK_STEP, step.value))
        self._writer.defer(NoticeEvent, ref=ref, code=code, detail=detail[:500])

    def _forecast(self, now: float) -> None:
        limits, size = self._config.disk, self._adapters.journal.size()
        unsent_mb = size.mb_of(max(0, size.head - self._acked()))
        self._samples = with_sample(self._samples, Sample(now, self._free_mb, unsent_mb))
        self._days_left = days_left(self._samples, limits, self._config.journal.budget_mb)
        if self._days_left is None or self._days_left >= limits.warn_days:
            return
        ref = f"disk-filling-{self._adapters.clock.utc().date()}"
        if not self._writer.knows(ref):  # once a day
            detail = f"full in {self._days_left:.1f} days at this rate: {self._free_mb:.0f} MB free, {unsent_mb:.0f} MB not at HQ"
            self._writer.defer(NoticeEvent, ref=ref, code=NoticeCode.DISK_FILLING, detail=detail)

    def _free_space(self) -> bool:
        """Free one part: events first, then their disk space. Return True while there is more."""
        if self._prune():
            self._shrinking = True
        elif self._shrinking:
            self._shrinking = self._adapters.journal.shrink()
        return self._shrinking

    def _prune(self) -> bool:
        """Forget a part of the events that HQ holds and that need not stay. Return False if there is none."""
        step = self._adapters.disk.step if self._adapters.disk is not None else DiskStep.OK
        size = self._adapters.journal.size()
        over = size.used_mb + size.log_mb > self._config.journal.budget_mb
        keep = days_kept(step, self._config.journal.keep_days, over_budget=over)
        keep_events = 0 if keep == self._config.journal.keep_days else KEEP_EVENTS
        return self._adapters.journal.prune(self._acked(), keep, keep_events) > 0

    def _acked(self) -> int:
        """Return the highest number of this journal that HQ holds."""
        return next((ack.seq for ack in self._adapters.roster.acks() if ack.epoch == self._adapters.journal.epoch), 0)


def _step_before_restart(journal: Journal) -> DiskStep:
    """Return the recorded step, so that a restart does not record it again."""
    before = newest(journal, LastingKind.DISK_STEP)
    return DiskStep(before.value) if before and before.value in set(DiskStep) else DiskStep.OK
