"""HQ's log lines."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from common.terminal.logs import configure_logs as configure_logs


@contextmanager
def without_log_lines() -> Iterator[None]:
    """Leave the log lines out, for a command that prints all of it by itself."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(wrapper_class=before)
