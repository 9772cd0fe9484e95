"""The process that has the network: events up, lists and commands down. It has no camera and no pins."""

from contract.signing import BadKey
from edge import __version__
from edge.app.files import JOURNAL, link_key_files, metrics_file, sync_dir
from edge.clock import SystemClock
from edge.config import Config
from edge.identity import try_open_key
from edge.journal import JournalReader
from edge.meters import TextFile
from edge.ports import JournalError
from edge.supervisor import Shutdown, Watchdog, run_steps
from edge.sync.mqtt import LinkError
from edge.sync.replica import ReplicaError
from edge.sync.service import SyncService

ERRORS = (BadKey, JournalError, LinkError, ReplicaError)
"""What can be wrong at the start; each says what to do."""


def run(config: Config, shutdown: Shutdown) -> None:
    """Until shutdown."""
    sync_dir(config)
    key = try_open_key(*link_key_files(config), "link")
    journal = JournalReader(config.paths.state_dir / JOURNAL)
    service = SyncService.open(config, journal, SystemClock(), __version__, JournalReader, key)

    numbers = TextFile(metrics_file(config, "sync"), service.meters.registry)

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
