"""Run the process with the local web pages, from the journal and the replica's summary."""

import os
import time
from contextlib import closing
from pathlib import Path

import structlog

from edge.app.state_folders import DESK, JOURNAL, REPLICA, desk_dir, metrics_files
from edge.core.config import Config
from edge.core.layout import GATE, SYNC
from edge.core.ports import DeskError, JournalError
from edge.replica.summary import SummaryReader
from edge.screen.app import create_app
from edge.screen.peers import NOBODY, owner_of
from edge.screen.server import PortTaken, ScreenServer
from edge.screen.translations import MissingText
from edge.storage.desk import DeskWriter
from edge.storage.journal import JournalReader
from edge.system.supervisor import Shutdown, Watchdog, run_steps

ERRORS = (DeskError, JournalError, MissingText, PortTaken)
"""Expected errors at the start; each text says what to do."""
FORGET_EVERY_S = 60.0


def run(config: Config, shutdown: Shutdown) -> None:
    """Run the pages until shutdown."""
    desk_dir(config)
    state = config.paths.state_dir
    journal, summary = JournalReader(state / JOURNAL), SummaryReader(state / REPLICA)
    desk = DeskWriter(state / DESK)
    app = create_app(journal, summary.read, config, desk, metrics_files(config))
    server = ScreenServer(app, config.screen, lambda: other_processes(state))
    thread = server.start()
    due_s = time.monotonic()

    def step() -> bool:
        nonlocal due_s
        if time.monotonic() >= due_s:
            due_s = time.monotonic() + FORGET_EVERY_S
            forget_done(state)
        return not shutdown.wait(0.2) and thread.is_alive()

    try:
        run_steps(step, shutdown, Watchdog())
    finally:
        server.stop()
        thread.join(5)
        journal.close()
        summary.close()
        desk.close()


def other_processes(state: Path) -> frozenset[int]:
    """Return the users of gate and sync. They never need the pages, so a compromised process gets no answer. Empty
    if all processes run as one user."""
    owners = {owner for name in (GATE, SYNC) if (owner := owner_of(state / name)) is not None}
    return frozenset(owners - {0, os.geteuid(), NOBODY})


def forget_done(state: Path) -> None:
    """Delete personal requests that were executed or refused: they are in the journal."""
    # Use separate connections: those of the pages belong to the server's thread.
    try:
        with closing(DeskWriter(state / DESK)) as desk, closing(JournalReader(state / JOURNAL)) as journal:
            desk.forget_done(journal.seen)
    except DeskError as error:  # the disk refuses: try again next time
        structlog.get_logger().warning("desk.not_forgotten", error=str(error))
