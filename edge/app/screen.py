"""Run the process with the local web pages, from the journal and the replica's summary."""

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from pathlib import Path

import structlog
from pydantic import ValidationError

from edge.app.directory import open_directory
from edge.app.preview_file import PreviewReader
from edge.app.standings_file import StandingsReader
from edge.app.state_folders import DESK, JOURNAL, REPLICA, desk_dir, metrics_files, muster_files
from edge.core.config import Config
from edge.core.domain import MusterList
from edge.core.layout import GATE, SYNC
from edge.core.ports import DeskError, JournalError
from edge.replica.summary import SummaryReader
from edge.screen.access.peers import NOBODY, owner_of
from edge.screen.access.public_name import UnknownProxyUser
from edge.screen.app import ScreenSources, create_app
from edge.screen.office.muster import MusterSource
from edge.screen.server import PortTaken, ScreenServer
from edge.screen.translations import MissingText
from edge.storage.desk_store import DeskStore
from edge.storage.journal import JournalReader
from edge.storage.journal_history import JournalHistory
from edge.system.replaced_file import ReplacedFile
from edge.system.supervisor import Shutdown, Watchdog, run_steps

ERRORS = (DeskError, JournalError, MissingText, PortTaken, UnknownProxyUser)
"""Expected errors at the start; each text says what to do."""
FORGET_EVERY_S = 60.0
MUSTER_BYTES_MAX = 16 * 1024 * 1024


def run(config: Config, shutdown: Shutdown) -> None:
    """Run the pages until shutdown."""
    desk_dir(config)
    state = config.paths.state_dir
    with ExitStack() as readers:
        app = create_app(open_sources(config, readers), config)
        server = ScreenServer(app, config.screen, lambda: other_processes(state))
        thread = server.start()
        due_s = time.monotonic()

        def step() -> bool:
            nonlocal due_s
            if time.monotonic() >= due_s:
                due_s = time.monotonic() + FORGET_EVERY_S
                forget_done(state, timedelta(days=config.screen.visitors_kept_days))
            return not shutdown.wait(0.2) and thread.is_alive()

        try:
            run_steps(step, shutdown, Watchdog())
        finally:
            server.stop()
            thread.join(5)


def open_sources(config: Config, readers: ExitStack) -> ScreenSources:
    """Open what the pages read. `readers` closes it. Raises DeskError, JournalError."""
    state, names = config.paths.state_dir, open_directory(config)
    readers.callback(names.close)
    summary = SummaryReader(state / REPLICA)
    readers.callback(summary.close)
    return ScreenSources(
        readers.enter_context(closing(JournalReader(state / JOURNAL))),
        summary.read,
        desk=readers.enter_context(closing(DeskStore(state / DESK))),
        metrics=metrics_files(config),
        muster=newest_muster(muster_files(config)),
        directory=names.read,
        history=readers.enter_context(closing(JournalHistory(state / JOURNAL))),
        preview=PreviewReader(config).newest,
        standings=StandingsReader(config).read,
    )


def newest_muster(paths: Sequence[Path]) -> MusterSource:
    """Make the function that reads what the gate process wrote last. It never raises.

    It costs one look at each path while nothing was written: every page asks.
    """
    files = [(path, ReplacedFile(MUSTER_BYTES_MAX, _parsed)) for path in paths]

    def read() -> MusterList | None:
        found = []
        for path, file in files:
            with suppress(OSError):
                if (muster := file.read(path)) is not None:
                    found.append(muster)
        return max(found, key=lambda muster: muster.utc, default=None)

    return read


def _parsed(text: bytes) -> MusterList | None:
    try:
        return MusterList.model_validate_json(text)
    except ValidationError:
        return None


def other_processes(state: Path) -> frozenset[int]:
    """Return the users of gate and sync. They never need the pages, so a compromised process gets no answer. Empty
    if all processes run as one user."""
    owners = {owner for name in (GATE, SYNC) if (owner := owner_of(state / name)) is not None}
    return frozenset(owners - {0, os.geteuid(), NOBODY})


def forget_done(state: Path, visitors_kept: timedelta) -> None:
    """Delete personal requests that were executed or refused: they are in the journal. Forget past visitors."""
    # Use separate connections: those of the pages belong to the server's thread.
    try:
        with closing(DeskStore(state / DESK)) as desk, closing(JournalReader(state / JOURNAL)) as journal:
            desk.forget_done(journal.seen)
            desk.forget_visitors(visitors_kept)
    except DeskError as error:  # the disk refuses: try again next time
        structlog.get_logger().warning("desk.not_forgotten", error=str(error))
