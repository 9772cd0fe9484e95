"""The cursor: how far a reader has come, in each journal. Pure.

Its text is for HQ alone. It grows with the number of journals, about 62 bytes each.
"""

import json
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hq.database.values import Journal

HASH_DIGITS = 16
CURSOR_MAX = 16 * 1024 * 1024
_Text = Annotated[str, Field(max_length=80)]
_Number = Annotated[int, Field(ge=0, lt=2**63)]


class BadCursor(ValueError):
    """A cursor that HQ never gave. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Again:
    """Events that are reported again: the last one that was, the last one to be, and why."""

    done: int
    last: int
    why: str


@dataclass(frozen=True, slots=True)
class Position:
    """How far a reader has come in one journal.

    `hash`: how the hash of its last event begins; "" if that is not known. `change`, `token`: the last change of
    stored events that it knows.
    """

    seq: int
    hash: str
    change: int = 0
    token: str = ""
    again: Again | None = None


@dataclass(slots=True)
class FeedCursor:
    """All positions of a reader. `after`: the journal that the last page ended with."""

    positions: dict[Journal, Position] = field(default_factory=dict)
    after: Journal | None = None


class _Written(BaseModel):
    """The text of a cursor."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    v: Literal[1]
    after: tuple[_Text, _Text] | None = None
    at: dict[_Text, dict[_Text, tuple[_Number, _Text, _Number, _Text]]]
    again: list[tuple[_Text, _Text, _Number, _Number, _Text]] = []


def read_cursor(text: str) -> FeedCursor:
    """Read a cursor; "" is the beginning. Raises BadCursor."""
    if not text.strip():
        return FeedCursor()
    if len(text) > CURSOR_MAX:
        raise BadCursor("the cursor is larger than any that HQ gives: pass it back as it came")
    try:
        found = _Written.model_validate_json(text)
    except ValidationError as error:
        raise BadCursor("this is no cursor of HQ's feed: pass it back as it came, or none to begin again") from error
    again = {(gate, line): Again(done, last, why) for gate, line, done, last, why in found.again}
    positions = {
        (gate, line): Position(*values, again=again.get((gate, line)))
        for gate, lines in found.at.items()
        for line, values in lines.items()
    }
    return FeedCursor(positions, found.after)


def write_cursor(cursor: FeedCursor) -> str:
    """Write a cursor as text."""
    at: dict[str, dict[str, tuple[int, str, int, str]]] = {}
    again: list[tuple[str, str, int, int, str]] = []
    for (gate, line), found in cursor.positions.items():
        at.setdefault(gate, {})[line] = (found.seq, found.hash, found.change, found.token)
        if found.again is not None:
            again.append((gate, line, found.again.done, found.again.last, found.again.why))
    written = {
        "v": 1,
        "at": at,
        **({"after": cursor.after} if cursor.after else {}),
        **({"again": again} if again else {}),
    }
    return json.dumps(written, separators=(",", ":"))
