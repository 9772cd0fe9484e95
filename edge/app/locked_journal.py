"""Open the journal although another program locks it. Fire and exit button work meanwhile."""

from collections.abc import Callable

import structlog

from edge.app.gate_metrics import MeteredJournal
from edge.app.state_folders import gate_dir
from edge.core.config import Config
from edge.core.ports import JournalError, JournalHeld
from edge.devices.gate import GpioGate
from edge.loop.startup_passage import StartupPassage
from edge.storage.high_water import HighWater
from edge.system.clock import BoundedClock
from edge.system.supervisor import Shutdown, Watchdog

log = structlog.get_logger()

AGAIN_S = 0.5
OpenedJournal = tuple[MeteredJournal, HighWater]


def open_when_unlocked(
    attempt: Callable[[], OpenedJournal], config: Config, gate: GpioGate, clock: BoundedClock, shutdown: Shutdown
) -> OpenedJournal:
    """Return what `attempt` opens, as soon as the lock is gone. Raises JournalError for other errors, and at the end
    of the process."""
    try:
        return _writable(attempt)
    except JournalHeld as error:
        log.error("journal_locked_at_start", error=str(error))
    watchdog = Watchdog()
    watchdog.ready()
    refs = HighWater(gate_dir(config), writes=False).refs()
    early = StartupPassage(config, gate, clock, refs, watchdog.ping)
    try:
        while not shutdown.wait(AGAIN_S):
            watchdog.ping()
            try:
                opened = _writable(attempt)
            except JournalHeld:
                continue
            if _handed_over(early, opened[0]):
                return opened
            opened[0].close()
    finally:
        early.close()
    raise JournalError("the process is to end, and the journal is still locked by another program")


def _handed_over(early: StartupPassage, journal: MeteredJournal) -> bool:
    try:
        return early.hand_over(journal)
    except JournalHeld:
        return False


def _writable(attempt: Callable[[], OpenedJournal]) -> OpenedJournal:
    """Raise JournalHeld also for a journal that is readable but not writable."""
    opened = attempt()
    try:
        opened[0].check_writable()
    except BaseException:
        opened[0].close()
        raise
    return opened
