"""Log lines on standard error: text on a terminal, JSON lines otherwise; exceptions without their values.

Foreign values cannot move the cursor or begin another line.
"""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import structlog

from common import uncaught
from common.terminal.text import visible, visible_lines


class LogLines(structlog.PrintLogger):
    """Writes log lines. A line is lost where the terminal is gone or the disk is full: that must not stop a gate."""

    def msg(self, message: str) -> None:
        with suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


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


def made_visible(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Make the values of a structlog event visible. Used before the renderer for people; JSON needs no such step."""
    return {
        key: visible_lines(value) if key == "exception" and isinstance(value, str) else _shown(value)
        for key, value in event.items()
    }


def _shown(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, int | float | bool | type(None)):
        return visible(str(value))
    return value
