"""The rule after every fault: HQ's set of events is the gate's journal."""

from sync_rig import Rig, wait_until

from contract.chain import verify
from edge.storage.journal import JournalReader
from hq.database.store import Store
from hq.reports import report


def same_everywhere(rig: Rig, store: Store, count: int, timeout_s: float = 60) -> None:
    """HQ's set of events is the gate's journal: exactly once, in order, chain verified, nothing in quarantine."""
    wait_until(lambda: rig.holds(store, count), f"HQ holds {count} events", timeout_s)
    reader = JournalReader(rig.state_dir / "gate/journal.db")
    records = reader.records(0, count + 10)
    reader.close()
    assert verify(records)[0] == len(records) == count
    assert report.quarantine(store) == []
