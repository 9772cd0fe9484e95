"""The process that shows: local web pages from the journal and the replica's summary."""

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
"""What can be wrong at the start; each says what to do."""
FORGET_EVERY_S = 60.0


def run(config: Config, shutdown: Shutdown) -> None:
    """Until shutdown."""
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
    """The users that gate and sync run as: they have nothing to ask of the pages, so a process that was taken over gets no
    answer. Nobody, where all processes run as one user."""
    owners = {owner for name in (GATE, SYNC) if (owner := owner_of(state / name)) is not None}
    return frozenset(owners - {0, os.geteuid(), NOBODY})


def forget_done(state: Path) -> None:
    """What people asked for is personal, and in the journal once it was done or refused."""
    # With connections of its own: those of the pages belong to the server's thread.
    try:
        with closing(DeskWriter(state / DESK)) as desk, closing(JournalReader(state / JOURNAL)) as journal:
            desk.forget_done(journal.seen)
    except DeskError as error:  # the disk refuses: the next time
        structlog.get_logger().warning("desk.not_forgotten", error=str(error))
