"""The refs of events whose newest one says a state that still holds after a restart: a lock-down, a fire, the step of the disk.

Every event may have a `ref`, a text that makes it happen once. Most refs say nothing else: the id of an order, of a request, of a
code. Those below are read again; no id of an order or a request can be one, for none holds a colon.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class LastingKind(StrEnum):
    """What such an event says. The word is what the ref begins with, before a colon."""

    FIRE_ON = "fire-on"
    FIRE_DONE = "fire-done"
    LOCKED_DOWN = "locked-down"
    LOCK_DOWN_OVER = "lock-down-over"
    DISK_STEP = "disk-step"


@dataclass(frozen=True, slots=True)
class LastingRef:
    """`rest`: what follows the first colon, so that the text of any such ref comes back as it was."""

    kind: LastingKind
    rest: str

    @classmethod
    def new(cls, kind: LastingKind, value: str = "") -> "LastingRef":
        """A ref that was never used. `value`: what the state is, for a kind that has several."""
        unique = secrets.token_hex(8)
        return cls(kind, f"{value}:{unique}" if value else unique)

    @classmethod
    def parse(cls, text: str) -> "LastingRef | None":
        """The ref in this text; None for all refs that say no state."""
        word, colon, rest = text.partition(":")
        return cls(LastingKind(word), rest) if colon and word in set(LastingKind) else None

    @property
    def value(self) -> str:
        """What `new` was given; any text, if somebody else wrote the file."""
        return self.rest.partition(":")[0]

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.rest}"


class RememberedRefs(Protocol):
    """The part of `edge.core.ports.Journal` that is asked."""

    def last_ref(self, *beginnings: str) -> str | None: ...


def newest(refs: RememberedRefs, *kinds: LastingKind) -> LastingRef | None:
    """The newest ref of these kinds; None if there is none."""
    text = refs.last_ref(*(f"{kind.value}:" for kind in kinds))
    return None if text is None else LastingRef.parse(text)


def newest_is(refs: RememberedRefs, kind: LastingKind, ended_by: LastingKind) -> bool:
    """True if the state of `kind` still holds: its newest event is newer than the newest one that ends it."""
    found = newest(refs, kind, ended_by)
    return found is not None and found.kind is kind
