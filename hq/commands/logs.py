"""HQ's logs on standard error: for people on a terminal, JSON lines otherwise; exceptions without the values in them."""

import logging
import sys

import structlog

from contract import uncaught
from contract.terminal.logs import made_visible


def configure_logs() -> None:
    """Once per process. Never logs names, templates or secrets: callers pass ids and facts only."""
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
        # Looked up at each line and never cached: a log must not fail because somebody replaced the stream.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
