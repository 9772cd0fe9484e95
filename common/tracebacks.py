"""Formats exceptions for logs and terminals: place, kind and message, without values.

Local variables are left out, because frames hold PIN codes, templates and pictures. Exceptions of libraries quote wrong
values ("invalid literal for int() with base 10: '4711'"); these quotes are left out.
"""

import re
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import TypedDict

from pydantic import ValidationError

OWN = ("common.", "contract.", "district.", "edge.", "hq.")
"""Modules whose exceptions say what to do, in words of this project."""
MESSAGE_MAX = 300
PROBLEMS_MAX = 5
_VALUES = re.compile(
    r"""b?'(?:[^'\\]|\\.)*' | b?"(?:[^"\\]|\\.)*" | \[[^\]]*\]? | \{[^}]*\}? | \d[\d._]{3,}\d* | [A-Za-z0-9+/=_-]{40,}""",
    re.VERBOSE,
)
"""Quoted text, lists, mappings, long numbers, and long runs without a space."""
LEFT_OUT = "…"


class ExceptionReport(TypedDict):
    """One exception of a chain."""

    type: str
    message: str
    frames: list[str]


def report(error: BaseException) -> list[ExceptionReport]:
    """Return the exception and its causes, the first cause last."""
    return [
        ExceptionReport(type=_name(one), message=message(one), frames=list(_frames(one.__traceback__)))
        for one in _chain(error)
    ]


def text(error: BaseException) -> str:
    """Return the same as lines, in Python's order: the first cause first."""
    blocks = []
    for one in reversed(report(error)):
        frames = "".join(f"  {frame}\n" for frame in one["frames"])
        blocks.append(f"{frames}{one['type']}: {one['message']}".rstrip(": "))
    return "\nwhich led to:\n".join(blocks)


def message(error: BaseException) -> str:
    """Return the message of an exception. Of a library's exception, leave out what it quotes."""
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_context=False, include_input=False)
        said = [f"{'.'.join(map(str, one['loc']))}: {_without_values(one['msg'])}" for one in found[:PROBLEMS_MAX]]
        return "; ".join(said)[:MESSAGE_MAX]
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    said_whole = str(error)
    return (said_whole if _name(error).startswith(OWN) else _without_values(said_whole))[:MESSAGE_MAX]


def _without_values(said: str) -> str:
    return _VALUES.sub(LEFT_OUT, said)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _frames(at: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(at):
        yield f"{frame.filename}:{frame.lineno} in {frame.name}"


def _name(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
