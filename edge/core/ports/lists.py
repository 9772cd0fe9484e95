"""Ports of HQ's lists, presence and the highest versions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from contract.messages import Ack, Command, ListKind
from edge.core.domain import Incident, LastPassage, ListMark, RosterState


class Roster(Protocol):
    """HQ's lists and orders from the sync process. They are verified here before use."""

    def refresh(self) -> bool:
        """Return True if the state changed since the last call. Never raises for invalid content: see `incidents`."""

    @property
    def state(self) -> RosterState: ...

    def incidents(self) -> list[Incident]:
        """Return what was refused since the replica's start. The caller skips those it has journalled."""

    def commands(self, now: datetime) -> list[Command]:
        """Return orders since the last call, oldest first: signed by HQ, for this gate, not expired.

        Refused ones become incidents. The caller makes them single-use (`Journal.seen`).
        """

    def acks(self) -> list[Ack]:
        """Return HQ's newest verified acknowledgement of each epoch."""


class Presence(Protocol):
    """Who is on the site, as far as the gate knows."""

    def follow(self, max_age_s: float) -> int:
        """Read what is new. Return the version of HQ's presence list that the other methods go by from now on.

        0: by this gate's own passages alone, because the list is missing or older than `max_age_s`.
        """

    def inside(self, since: datetime) -> int:
        """Return the number of people whose last passage was inwards, at or after `since`. Unnamed passages are
        added up."""

    def last_passage(self, worker_id: str) -> LastPassage | None:
        """Return the worker's last passage; None if unknown."""


class HighWaterMarks(Protocol):
    """What this gate must remember even if a file is lost (`edge.storage.high_water`). Never raises if the disk
    refuses."""

    def newest_order(self) -> datetime | None:
        """Return the time of issue of the newest executed order."""

    def note_order(self, issued_utc: datetime) -> None:
        """Note an order before it is executed."""

    def note_time(self, utc: datetime) -> None:
        """Note a time that a trusted clock showed."""

    def lower_time(self, utc: datetime) -> None:
        """Correct the newest time to an earlier one."""

    def highest(self) -> Mapping[ListKind, int]:
        """Return the highest version of each list that was ever in force here."""

    def list_marks(self) -> Mapping[ListKind, ListMark]:
        """Return the same with the digests of these lists."""

    def takes_older(self, kind: ListKind) -> bool:
        """Return True if a technician allows an older list next."""

    def take_older(self) -> None:
        """Allow an older list of each kind next."""
