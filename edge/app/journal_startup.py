"""Open the journal and the high-water marks, restore the known time, and record a new journal."""

from collections.abc import Callable, Mapping
from pathlib import Path

from contract.messages import NoticeCode, NoticeEvent
from edge.app.gate_metrics import MeteredJournal
from edge.app.state_folders import JOURNAL, gate_dir, gate_key_files
from edge.core.config import Config
from edge.replica.reader import ReplicaReader
from edge.storage.background_check import BackgroundCheck
from edge.storage.high_water import HighWater
from edge.storage.journal import Journal
from edge.storage.journal_file import FULL_CHECK_MAX_BYTES
from edge.storage.salvage import NotSalvaged, salvage, sign_salvaged
from edge.storage.signed_heads import Signer
from edge.system.clock import HQ_SLACK, BoundedClock
from edge.system.gate_keys import try_open_key

_MARK = "high-water"


def open_journal(
    config: Config, clock: BoundedClock, give_room: Callable[[], bool] = lambda: False
) -> tuple[MeteredJournal, HighWater]:
    """Open the journal and the high-water marks. `clock` learns their known times. Raises JournalError."""
    water = HighWater(gate_dir(config), now=clock.utc)
    path = config.paths.state_dir / JOURNAL
    key = try_open_key(*gate_key_files(config), "gate")
    journal = MeteredJournal(path, config.site, clock, give_room=give_room, memory=water, key=key)
    water.join(journal.mark(_MARK), lambda text: journal.set_mark(_MARK, text))
    learn_time(clock, journal, water)
    return journal, water


def apply_acks(clock: BoundedClock, journal: Journal, lists: ReplicaReader) -> None:
    """Apply HQ's acknowledgements: the known time, and which records a replaced journal need not save."""
    for ack in lists.acks():
        clock.not_before(ack.utc - HQ_SLACK)
    journal.sign_unsent(max((ack.seq for ack in lists.acks() if ack.epoch == journal.epoch), default=0))
    journal.set_acked_source(lambda: {ack.epoch: ack.seq for ack in lists.acks()})


def start_background_check(config: Config, journal: Journal) -> BackgroundCheck | None:
    """Check a large journal in a thread beside the loop. Return None for a small one, which was checked at the
    start."""
    path = config.paths.state_dir / JOURNAL
    if path.stat().st_size <= FULL_CHECK_MAX_BYTES:
        return None
    scrub = BackgroundCheck(path, journal.report_damage)
    scrub.start()
    return scrub


def record_new_journal(journal: Journal, config: Config, lists: ReplicaReader) -> None:
    """Record that a new journal was started, and why. Raises JournalError."""
    if journal.signer is not None:
        sign_salvaged(gate_dir(config), journal.signer)
    if not journal.why:
        return
    acked = {ack.epoch: ack.seq for ack in lists.acks()}
    found = "nothing of it is left"
    if journal.restarted is not None:
        found = f"set aside as {journal.restarted.name}; {_saved(journal.restarted, config, acked, journal.signer)}"
    journal.append(NoticeEvent, code=NoticeCode.JOURNAL_RESTARTED, detail=f"{journal.why}; {found}"[:500])


def learn_time(clock: BoundedClock, journal: Journal, water: HighWater) -> None:
    """Give the clock the times that journal and high-water marks know."""
    if (newest := journal.time.newest_trusted()) is not None:
        clock.not_before(*newest)
    if water.marks.trusted_utc is not None:
        clock.not_before(water.marks.trusted_utc)
    for mark in water.marks.lists.values():
        clock.not_before(mark.issued_utc - HQ_SLACK)


def _saved(damaged: Path, config: Config, acked: Mapping[str, int], signer: Signer | None) -> str:
    """Describe what of a damaged journal the sync process can still send."""
    try:
        return str(salvage(damaged, gate_dir(config), gate_id=config.site.gate_id, acked=acked, signer=signer))
    except NotSalvaged as error:
        return f"nothing was saved: {error}"
