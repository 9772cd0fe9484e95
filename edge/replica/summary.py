"""What the screen may know of replica.db: versions, ages and the connection. No key is needed, no content is read."""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from contract.messages import ListKind
from edge.storage import database_reader


@dataclass(frozen=True, slots=True)
class ListSummary:
    """One list as it lies here: HQ's version and issue time, and when it arrived."""

    version: int
    issued_utc: datetime
    applied_utc: datetime


@dataclass(frozen=True, slots=True)
class AckSummary:
    """HQ holds the events of `epoch` up to `seq`; HQ's time, and when we heard of it."""

    epoch: str
    seq: int
    utc: datetime
    received_utc: datetime


@dataclass(frozen=True, slots=True)
class LinkSummary:
    """The connection to the broker; `hq_online` is None while HQ has said nothing of itself."""

    connected: bool
    since_utc: datetime
    broker: str
    detail: str
    hq_online: bool | None
    unsent: int


@dataclass(frozen=True, slots=True)
class ReplicaSummary:
    """Everything at once. `link` is None while no sync process has run."""

    lists: dict[ListKind, ListSummary] = field(default_factory=dict)
    ack: AckSummary | None = None
    link: LinkSummary | None = None


class SummaryReader:
    """Reads the summary when asked; never raises for a missing or damaged file."""

    def __init__(self, path: Path) -> None:
        self._reader = database_reader.DatabaseReader(path)

    def changed(self) -> bool:
        """True if something was written since the last call."""
        return self._reader.changed()

    def read(self) -> ReplicaSummary:
        db = self._reader.db()
        if db is None:
            return ReplicaSummary()
        try:
            return _summary(db)
        except sqlite3.DatabaseError as error:
            self._reader.gave_up(error)
        except ValueError:
            self._reader.close()
        return ReplicaSummary()

    @property
    def trouble(self) -> str:
        """Why replica.db is there and cannot be read; "" if it can, or if there is none."""
        return self._reader.trouble

    def close(self) -> None:
        self._reader.close()


def _summary(db: sqlite3.Connection) -> ReplicaSummary:
    lists = {
        ListKind(kind): ListSummary(version, _time(issued), _time(applied))
        for kind, version, issued, applied in db.execute(
            "SELECT kind, list_version, issued_utc, applied_utc FROM list_versions WHERE applied_utc IS NOT NULL"
            " UNION SELECT kind, list_version, issued_utc, applied_utc FROM list_deltas WHERE applied_utc IS NOT NULL"
            " ORDER BY list_version"  # changes come after the list they change, and tell of its newest version
        )
    }
    ack = db.execute("SELECT epoch, seq, utc, received_utc FROM acks ORDER BY received_utc DESC LIMIT 1").fetchone()
    link = db.execute("SELECT connected, since_utc, broker, detail, hq_online, unsent FROM link").fetchone()
    return ReplicaSummary(
        lists=lists,
        ack=AckSummary(ack[0], ack[1], _time(ack[2]), _time(ack[3])) if ack else None,
        link=LinkSummary(
            bool(link[0]), _time(link[1]), link[2], link[3], None if link[4] is None else bool(link[4]), link[5]
        )
        if link
        else None,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
