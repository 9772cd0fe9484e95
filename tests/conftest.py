"""Shared fixtures: the broker and its rig, verified weights and real photos, logging as it was before each test.

Weights and photos are fetched once per user and kept in the cache.
"""

import functools
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
import typer.testing
from hypothesis import settings

from edge.matcher import fetch_pack, load_manifest
from edge.system.pinned_packages import cache_dir
from edge.tools.demo.photos import fetch_photos

pytest_plugins = ["sync_fixtures"]

LONGEST = (
    "tests/tools/test_demo.py",
    "tests/district/test_district_postgres.py",
    "tests/attacks/test_rolled_back.py",
    "tests/faults/test_kill_processes.py",
    "tests/system/test_district_kills.py",
)
"""They start first. A long one that starts last runs alone, and the others wait for it."""

# A machine that is busy is slow: no test fails for the time that an example takes.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
# To build a command's tree of options takes longer than most of what the tests run with it. It keeps nothing of a run.
typer.testing._get_command = functools.cache(typer.testing._get_command)


def _log_lines(*_: object) -> structlog.PrintLogger:
    """Make the logger of one line. Lines of other threads go to the real standard error.

    A command under test prints in this process. What a gate or a broker's client logs meanwhile is not its output.
    """
    own = threading.current_thread() is threading.main_thread()
    return structlog.PrintLogger(sys.stdout if own else sys.__stderr__)


def pytest_configure() -> None:
    """Set how tests log, and forget the terminal's size.

    A console takes the size once, before a test can ask for wide tables.
    """
    # A traceback with the sources and variables of each function, as by default, takes 0.3 s of work.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    processors = structlog.get_config()["processors"]
    structlog.configure(logger_factory=_log_lines, processors=[*processors[:-1], plain])
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests in front, after all were shuffled."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a test's commands set for all loggers: the next test in this process may want every line."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """A folder with the default pack, verified."""
    folder = cache_dir() / "models"
    fetch_pack(load_manifest().pack("opencv-zoo"), folder)
    return folder


@pytest.fixture(scope="session")
def photos_dir() -> Path:
    """A folder with the demo photos, verified."""
    return fetch_photos(cache_dir() / "photos")
