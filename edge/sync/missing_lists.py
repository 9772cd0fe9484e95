"""Lists that do not become complete by themselves: when to ask HQ to send them again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contract.backoff import Backoff
from contract.messages import ListKind

PATIENCE_S = 60.0
"""So long a list may stand still before it is asked for: what the broker keeps comes at once, but a part of 0.7 MB takes its time
on a slow line, and must not be asked for a second time meanwhile."""
AGAIN_MAX_S = 900.0
"""Then it is asked for again and again, after twice the time each, at most this long."""


@dataclass
class _Gap:
    how_far: str
    due_s: float
    backoff: Backoff


@dataclass
class MissingLists:
    """Remembers what was missing at the last look. Pure: the caller brings the time."""

    _open: dict[ListKind, _Gap] = field(default_factory=dict)

    def due(self, gaps: Mapping[ListKind, str], now_s: float) -> list[ListKind]:
        """Lists to ask for now. `gaps`: of each list that is not complete, how far it is; progress starts the patience anew."""
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
        """A new connection: what the broker keeps is on its way again."""
        self._open.clear()
