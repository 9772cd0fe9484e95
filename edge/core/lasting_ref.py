"""Refs of events whose newest one gives a state after a restart: a lock-down, a fire, the disk's step.

Every event may have a `ref`, a text that makes it single-use. Most refs are only ids: of an order, a request, a code.
The refs below are read again. No id of an order or a request can be one, because ids hold no colon.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class LastingKind(StrEnum):
    """The state that such an event gives. The ref begins with this word and a colon."""

    FIRE_ON = "fire-on"
    FIRE_DONE = "fire-done"
    LOCKED_DOWN = "locked-down"
    LOCK_DOWN_OVER = "lock-down-over"
    DISK_STEP = "disk-step"


@dataclass(frozen=True, slots=True)
class LastingRef:
    """A ref that gives a state. `rest`: everything after the first colon, so that the text survives unchanged."""

    kind: LastingKind
    rest: str

    @classmethod
    def new(cls, kind: LastingKind, value: str = "") -> "LastingRef":
        """Make an unused ref. `value`: the state, for a kind that has several."""
        unique = secrets.token_hex(8)
        return cls(kind, f"{value}:{unique}" if value else unique)

    @classmethod
    def parse(cls, text: str) -> "LastingRef | None":
        """Read a ref from a text; None for a ref that gives no state."""
        word, colon, rest = text.partition(":")
        return cls(LastingKind(word), rest) if colon and word in set(LastingKind) else None

    @property
    def value(self) -> str:
        """The value given to `new`. It is arbitrary text if another program wrote the file."""
        return self.rest.partition(":")[0]

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.rest}"


class RememberedRefs(Protocol):
    """The part of `edge.core.ports.Journal` that is used."""

    def last_ref(self, *beginnings: str) -> str | None: ...


def newest(refs: RememberedRefs, *kinds: LastingKind) -> LastingRef | None:
    """Return the newest ref of these kinds; None if there is none."""
    text = refs.last_ref(*(f"{kind.value}:" for kind in kinds))
    return None if text is None else LastingRef.parse(text)


def newest_is(refs: RememberedRefs, kind: LastingKind, ended_by: LastingKind) -> bool:
    """Return True if the state of `kind` holds: its newest event is newer than the newest one that ends it."""
    found = newest(refs, kind, ended_by)
    return found is not None and found.kind is kind
