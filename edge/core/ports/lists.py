"""Ports of HQ's lists, presence and the highest versions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from contract.messages import Ack, Command, ListKind
from edge.core.domain import Incident, LastPassage, RosterState


class Roster(Protocol):
    """HQ's lists and commands as the sync process left them, verified here before anything is believed."""

    def refresh(self) -> bool:
        """True if the state changed since the last call. Never raises for bad content: see `incidents`."""

    @property
    def state(self) -> RosterState: ...

    def incidents(self) -> list[Incident]:
        """What was refused since the start of the replica; the caller skips those it has journalled."""

    def commands(self, now: datetime) -> list[Command]:
        """Commands that arrived since the last call, oldest first: signed by HQ, addressed to this gate, not expired.
        Refused ones become incidents. The caller makes them single-use (`Journal.seen`)."""

    def acks(self) -> list[Ack]:
        """HQ's newest verified acknowledgement of each epoch."""


class Presence(Protocol):
    """Who is in this gate's area, as far as the gate knows."""

    def inside(self, since: datetime) -> int:
        """People whose last passage is one in, at or after `since`; those who passed without a name are added up."""

    def last_passage(self, worker_id: str) -> LastPassage | None:
        """None if none is remembered."""


class HighWaterMarks(Protocol):
    """What this gate must not forget with a file (`edge.storage.high_water`). Nothing here raises for a disk that refuses."""

    def newest_order(self) -> datetime | None:
        """When the newest order that was obeyed had been issued."""

    def note_order(self, issued_utc: datetime) -> None:
        """An order is about to be obeyed."""

    def note_time(self, utc: datetime) -> None:
        """A trusted clock showed this."""

    def lower_time(self, utc: datetime) -> None:
        """An earlier time is right after all."""

    def highest(self) -> Mapping[ListKind, int]:
        """The highest version of each list that was ever in force here."""

    def takes_older(self, kind: ListKind) -> bool:
        """True if a technician had this gate take the next list, also an older one."""

    def take_older(self) -> None:
        """Take the next list of each kind, also an older one."""
