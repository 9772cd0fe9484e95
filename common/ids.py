"""Checks ids of sites, gates, workers and people before they go into a message."""

import re
from typing import get_args

from common.terminal.problems import ID, shown
from contract.messages import Id

_PATTERN = re.compile(next(m.pattern for m in get_args(Id)[1].metadata if hasattr(m, "pattern")))


class NoId(ValueError):
    """The text is not an id. The error says what an id looks like."""


def is_id(text: str) -> bool:
    """Return True if a message may carry the text as an id."""
    return _PATTERN.match(text) is not None and not text.endswith("\n")


def checked(what: str, text: str) -> str:
    """Return the id itself. Raises NoId."""
    if not is_id(text):
        raise NoId(f"{what} {shown(text)} is not an id: {ID}")
    return text
