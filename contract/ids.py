"""What may be the id of a site, a gate, a worker or a person: told before it goes into a message."""

import re
from typing import get_args

from contract.messages import Id
from contract.terminal.errors import ID, shown

_PATTERN = re.compile(next(m.pattern for m in get_args(Id)[1].metadata if hasattr(m, "pattern")))


class NoId(ValueError):
    """A text that is no id; the error says what one looks like."""


def is_id(text: str) -> bool:
    """True if a message may carry it as an id."""
    return _PATTERN.match(text) is not None and not text.endswith("\n")


def checked(what: str, text: str) -> str:
    """The id itself. Raises NoId."""
    if not is_id(text):
        raise NoId(f"{what} {shown(text)} is no id: {ID}")
    return text
