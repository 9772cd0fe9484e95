"""Follows the keys: which ones gate and sync both hold, and what a new key of HQ's makes readable."""

from collections.abc import Callable
from dataclasses import dataclass

from contract.keyring import TrustedKeys, ids
from edge.core.ports import JournalReader
from edge.replica.writer import ReplicaWriter

_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class HeldKeys:
    """HQ's keys that are trusted here, and the site's that are held. HQ switches when all gates have the next one."""

    trusts: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()


class KeyWatch:
    """`held`: the keys of both processes. `changed`: called after a key of HQ's came or went."""

    def __init__(self, hq_key: TrustedKeys, journal: JournalReader, replica: ReplicaWriter) -> None:
        self._hq_key, self._journal, self._replica = hq_key, journal, replica
        self._known = ids(hq_key)
        self.held = HeldKeys()
        self.changed: Callable[[], None] = lambda: None
        self._due_s = 0.0

    def due(self) -> float:
        return self._due_s

    def run(self, now_s: float) -> None:
        """Compare the keys. After a change, what was refused without the new key is asked for again. Raises
        ReplicaError."""
        self._due_s = now_s + _EVERY_S
        mine, live = ids(self._hq_key), self._journal.live()
        if live is not None:
            self.held = HeldKeys(tuple(key for key in mine if key in live.trusts), live.opens)
        if mine != self._known:
            self._replica.forget_untrusted(self._hq_key)
            self._known = mine  # only now: a disk that refuses is tried again
            self.changed()
