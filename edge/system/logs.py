"""Structured logs on standard error: for people on a terminal, JSON lines for the system journal.

An exception is shown without local variables and without what it quotes (`contract.tracebacks`); `contract.uncaught` does the
same where nobody caught it.
"""

import logging
import sys

import structlog

from contract import uncaught
from contract.terminal.logs import LogLines, made_visible


def configure_logs(*, as_json: bool = False, level: int = logging.INFO) -> None:
    """Once per process. Never logs names, templates or pictures: callers pass ids and facts only."""
    json_lines = as_json or not sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([uncaught.as_data] if json_lines else [uncaught.as_text, made_visible]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up at each line and never cached: a log must not fail because somebody replaced the stream.
        logger_factory=lambda *_: LogLines(sys.stderr),
        cache_logger_on_first_use=False,
    )
