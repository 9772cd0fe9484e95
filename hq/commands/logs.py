"""Configure HQ's logs on standard error: text on a terminal, JSON lines otherwise; exceptions without their values."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from common import uncaught
from common.terminal.logs import LogLines, made_visible


def configure_logs() -> None:
    """Configure the logs, once per process. Callers log ids and facts, never names, templates or secrets."""
    json_lines = not sys.stderr.isatty()
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([uncaught.as_data] if json_lines else [uncaught.as_text, made_visible]),
            structlog.processors.JSONRenderer() if json_lines else plain,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Looked up at each line and never cached: a log must not fail because the stream was replaced.
        logger_factory=lambda *_: LogLines(sys.stderr),
        cache_logger_on_first_use=False,
    )


@contextmanager
def without_log_lines() -> Iterator[None]:
    """Leave the log lines out, for a command that prints all of it by itself."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(wrapper_class=before)
