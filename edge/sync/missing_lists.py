"""Decides when to ask HQ again for lists that do not become complete by themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.backoff import Backoff
from contract.messages import ListKind

PATIENCE_S = 60.0
"""A list that stands still for this time is asked for. What the broker keeps comes at once, but a part of 0.7 MB takes
time on a slow line, and must not be asked for twice meanwhile."""
AGAIN_MAX_S = 900.0
"""The longest pause between two requests. Each pause is twice the one before."""


@dataclass
class _Gap:
    how_far: str
    due_s: float
    backoff: Backoff


@dataclass
class MissingLists:
    """Remembers what was missing at the last call. Pure: the caller gives the time."""

    _open: dict[ListKind, _Gap] = field(default_factory=dict)

    def due(self, gaps: Mapping[ListKind, str], now_s: float) -> list[ListKind]:
        """Return the lists to ask for now. `gaps`: how far each incomplete list is. Progress restarts the wait."""
        self._open = {kind: gap for kind, gap in self._open.items() if kind in gaps}
        found = []
        for kind, how_far in gaps.items():
            gap = self._open.get(kind)
            if gap is None or gap.how_far != how_far:
                backoff = Backoff(PATIENCE_S, AGAIN_MAX_S)
                self._open[kind] = _Gap(how_far, now_s + backoff.next_s(), backoff)
            elif now_s >= gap.due_s:
                gap.due_s = now_s + gap.backoff.next_s()
                found.append(kind)
        return found

    def restart(self) -> None:
        """Begin again after a new connection: the broker sends again what it keeps."""
        self._open.clear()
