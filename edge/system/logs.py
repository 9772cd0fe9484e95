"""Structured logs on standard error: for people on a terminal, JSON lines for the system journal.

An exception is shown without local variables and without what it quotes (`common.tracebacks`); `common.uncaught`
does the same for an uncaught exception.
"""

import logging
import sys

import structlog

from common import uncaught
from common.terminal.logs import LogLines, made_visible


def configure_logs(*, as_json: bool = False, level: int = logging.INFO) -> None:
    """Set the logs up, once per process. Callers pass ids and facts only, never names, templates or pictures."""
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
        # Look the stream up at each line: a log must not fail because the stream was replaced.
        logger_factory=lambda *_: LogLines(sys.stderr),
        cache_logger_on_first_use=False,
    )
