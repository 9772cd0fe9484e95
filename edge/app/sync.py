"""Run the process that has the network: events up, lists and orders down. It has no camera and no pins."""

from contract.signing import BadKey
from edge import __version__
from edge.app.state_folders import JOURNAL, link_key_files, metrics_file, sync_dir
from edge.core.config import Config
from edge.core.ports import JournalError
from edge.replica.writer import ReplicaError
from edge.storage.journal import JournalReader
from edge.sync.mqtt import LinkError
from edge.sync.service import SyncService
from edge.system.clock import SystemClock
from edge.system.gate_keys import try_open_key
from edge.system.metrics import MetricsFile
from edge.system.supervisor import Shutdown, Watchdog, run_steps

ERRORS = (BadKey, JournalError, LinkError, ReplicaError)
"""Expected errors at the start; each text says what to do."""


def run(config: Config, shutdown: Shutdown) -> None:
    """Run the synchronisation until shutdown."""
    sync_dir(config)
    key = try_open_key(*link_key_files(config), "link")
    journal = JournalReader(config.paths.state_dir / JOURNAL)
    service = SyncService.open(config, journal, SystemClock(), software=__version__, open_reader=JournalReader, key=key)

    numbers = MetricsFile(metrics_file(config, "sync"), service.meters.registry)

    def step() -> bool:
        service.step(0.05)
        numbers.write_if_due()
        return True

    try:
        service.start()
        run_steps(step, shutdown, Watchdog())
    finally:
        service.close()
        journal.close()
        numbers.remove()
