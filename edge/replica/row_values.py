"""Read values of rows that another process wrote. A value of no known form raises ValueError, and nothing else."""

from datetime import datetime

TEXT_MAX = 500


def aware_time(value: object) -> datetime:
    """Return a time with its zone. Without a zone it could not be compared with the clock."""
    if not isinstance(value, str):
        raise ValueError("a time must be text")
    time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError("a time must have a zone")
    return time


def whole_number(value: object) -> int:
    """Return a whole number."""
    if not isinstance(value, int):
        raise ValueError("a number must be whole")
    return value


def short_text(value: object) -> str:
    """Return a text, cut after TEXT_MAX characters: it is shown on pages and screens."""
    if not isinstance(value, str):
        raise ValueError("a text must be text")
    return value[:TEXT_MAX]
