"""Formats log lines for a terminal: foreign values cannot move the cursor or begin another line."""

from collections.abc import MutableMapping
from typing import Any

from contract.terminal.text import visible, visible_lines


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
