"""Several gates of one site at a real broker, each with its journal, its sync process and its presence."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sync_rig import Rig, Runner, SignedJournal

from contract.messages import Direction, PassageEvent, PassageOutcome
from edge.app.site_presence import open_presence
from edge.app.state_folders import gate_dir, gate_key_files, link_key_files
from edge.core.config import Config
from edge.storage.journal import JournalReader
from edge.sync.service import SyncService
from edge.system.clock import SystemClock
from edge.system.gate_keys import open_key
from hq import config as hq_config
from hq.database.store import Store
from hq.registry.gates import GateRegistry

LIMIT_S = 90.0


class PassingGate:
    """A gate that people pass, without a camera."""

    def __init__(self, rig: Rig, config: Config) -> None:
        gate_dir(config)
        self.config, self.clock = config, SystemClock()
        key, link = open_key(*gate_key_files(config)), open_key(*link_key_files(config))
        with closing(Store(hq_config.load(rig.hq_folder).url, rig.keys)) as store:
            public = (one.public_key().public_bytes_raw() for one in (key, link))
            GateRegistry(store, rig.keys).add(config.site.gate_id, "site-1", *public, by="test")
        journal = config.paths.state_dir / "gate/journal.db"
        self.journal = SignedJournal(journal, config.site, self.clock, key=key)
        self._reader = JournalReader(journal)
        service = SyncService.open(
            config, self._reader, self.clock, software="test", open_reader=JournalReader, key=link
        )
        self.sync = Runner(service)
        self.presence = open_presence(config, self.clock)

    def passes(self, worker: str | None, way: Direction = Direction.IN) -> None:
        self.journal.append(PassageEvent, outcome=PassageOutcome.PASSED, direction=way, worker_id=worker)

    def last(self, worker: str) -> Direction | None:
        """The direction of a worker's last passage by HQ's list; None: not known, or the list is old."""
        if not self.presence.follow(LIMIT_S):
            return None
        found = self.presence.last_passage(worker)
        return found.direction if found else None

    def close(self) -> None:
        self.sync.stop()
        self.presence.close()
        self._reader.close()
        self.journal.close()


@contextmanager
def passing_gates(rig: Rig, count: int) -> Iterator[list[PassingGate]]:
    """Gates gate-1 to gate-N of site-1, connected. HQ must have made its database."""
    base, gates = rig.gate_config(), []
    try:
        for number in range(1, count + 1):
            changes = {
                "site": base.site.model_copy(update={"gate_id": f"gate-{number}"}),
                "paths": base.paths.model_copy(update={"state_dir": rig.folder / f"gate-{number}"}),
            }
            gates.append(PassingGate(rig, base.model_copy(update=changes)))
        yield gates
    finally:
        for gate in gates:
            gate.close()
