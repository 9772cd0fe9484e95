"""The process that shows: local web pages from the journal and the replica's summary."""

from edge.app.files import DESK, JOURNAL, REPLICA, metrics_files, state_dir
from edge.config import Config
from edge.desk import Desk
from edge.journal import JournalReader
from edge.ports import DeskError, JournalError
from edge.screen.app import create_app
from edge.screen.server import PortTaken, ScreenServer
from edge.screen.texts import MissingText
from edge.supervisor import Shutdown, Watchdog, run_steps
from edge.sync.summary import SummaryReader

ERRORS = (DeskError, JournalError, MissingText, PortTaken)
"""What can be wrong at the start; each says what to do."""


def run(config: Config, shutdown: Shutdown) -> None:
    """Until shutdown."""
    state = state_dir(config)
    journal, summary = JournalReader(state / JOURNAL), SummaryReader(state / REPLICA)
    desk = Desk(state / DESK)
    server = ScreenServer(create_app(journal, summary.read, config, desk, metrics_files(config)), config.screen)
    thread = server.start()
    try:
        run_steps(lambda: not shutdown.wait(0.2) and thread.is_alive(), shutdown, Watchdog())
    finally:
        server.stop()
        thread.join(5)
        journal.close()
        summary.close()
        desk.close()
