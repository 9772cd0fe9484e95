"""Formats log lines for a terminal: foreign values cannot move the cursor or begin another line."""

from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import structlog

from common.terminal.text import visible, visible_lines


class LogLines(structlog.PrintLogger):
    """Writes log lines. A line is lost where the terminal is gone or the disk is full: that must not stop a gate."""

    def msg(self, message: str) -> None:
        with suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = fatal = failure = err = error = critical = exception = msg


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
