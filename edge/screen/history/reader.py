"""Who reads the past: which names and which reasons this account may see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from contract.messages import DirectoryEntry, Reason

MATCHES_MAX = 500


@dataclass(frozen=True, slots=True)
class HistoryReader:
    """What one account may see. `people`: names, and what guards wrote. `risk`: which list held somebody.

    `guards`: that a risk list held somebody at all; a guard must act on it. `entries`: names by worker id.
    `find`: returns the workers that a text may mean.
    """

    people: bool = False
    risk: bool = False
    guards: bool = False
    entries: Mapping[str, DirectoryEntry] = field(default_factory=dict)
    find: Callable[[str], frozenset[str]] = lambda text: frozenset()

    @property
    def hidden(self) -> frozenset[Reason]:
        """Return the reasons whose decisions this account does not see at all."""
        return frozenset() if self.risk or self.guards else frozenset({Reason.RISK_HOLD})

    def name(self, worker_id: str | None) -> str:
        """Return a worker's name, or "" where there is none or it must not be shown."""
        entry = self.entries.get(worker_id or "") if self.people else None
        return entry.name or "" if entry else ""

    def workers(self, who: str) -> frozenset[str] | None:
        """Return the workers that a text may mean: by number, or by what `find` knows. None: nobody was named."""
        if not who:
            return None
        return frozenset(sorted(self.find(who))[:MATCHES_MAX]) | {who}
