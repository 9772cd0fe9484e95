"""What the screen may know of replica.db: versions, ages and the connection. No key is needed, and no content is
read."""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from contract.messages import ListKind
from edge.replica import list_tables, message_tables
from edge.replica.list_tables import ListSummary
from edge.replica.message_tables import AckSummary, LinkSummary
from edge.storage.database_reader import DatabaseReader

__all__ = ["AckSummary", "LinkSummary", "ListSummary", "ReplicaSummary", "SummaryReader"]


@dataclass(frozen=True, slots=True)
class ReplicaSummary:
    """Everything at once. `link` is None while no sync process has run."""

    lists: dict[ListKind, ListSummary] = field(default_factory=dict)
    ack: AckSummary | None = None
    link: LinkSummary | None = None


class SummaryReader:
    """Reads the summary on request. Never raises for a missing or damaged file."""

    def __init__(self, path: Path) -> None:
        self._reader = DatabaseReader(path)

    def changed(self) -> bool:
        """Return True if something was written since the last call."""
        return self._reader.changed()

    def read(self) -> ReplicaSummary:
        """Read everything. Return an empty summary while there is no readable file."""
        try:
            return self._reader.ask(_summary, ReplicaSummary())
        except ValueError:
            self._reader.close()
            return ReplicaSummary()

    @property
    def trouble(self) -> str:
        """Why an existing replica.db cannot be read, or ""."""
        return self._reader.trouble

    def close(self) -> None:
        self._reader.close()


def _summary(db: sqlite3.Connection) -> ReplicaSummary:
    return ReplicaSummary(
        lists=list_tables.newest_in_force(db), ack=message_tables.newest_ack(db), link=message_tables.link(db)
    )
