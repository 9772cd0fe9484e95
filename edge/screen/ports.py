"""What the screen needs to know of the connection to HQ, in its own words.

`edge.replica.summary.ReplicaSummary` has this shape; `edge.app` brings the two together.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from contract.messages import ListKind
from edge.core.domain import AdmitRequest, LockDownRequest


class HeldList(Protocol):
    """A list as it lies here: HQ's version and issue time."""

    @property
    def version(self) -> int: ...

    @property
    def issued_utc(self) -> datetime: ...


class LastAck(Protocol):
    """HQ holds the events of `epoch` up to `seq`; heard at `received_utc`."""

    @property
    def epoch(self) -> str: ...

    @property
    def seq(self) -> int: ...

    @property
    def received_utc(self) -> datetime: ...


class Link(Protocol):
    """The connection to the broker, up or down since `since_utc`; `detail` says why there is none. `hq_online` is None while
    HQ said nothing."""

    @property
    def connected(self) -> bool: ...

    @property
    def since_utc(self) -> datetime: ...

    @property
    def detail(self) -> str: ...

    @property
    def hq_online(self) -> bool | None: ...


class SyncSummary(Protocol):
    """Everything at once. `link` is None while no sync process has run."""

    @property
    def lists(self) -> Mapping[ListKind, HeldList]: ...

    @property
    def ack(self) -> LastAck | None: ...

    @property
    def link(self) -> Link | None: ...


class GuardDesk(Protocol):
    """Where the desk's page leaves requests, and whose accounts it knows: `edge.storage.desk.Desk`. Each call but the first two
    raises DeskError if the disk refuses."""

    def password(self, name: str) -> str | None:
        """The stored form of an account's password; None if there is no such account."""

    def audit_trail(self, limit: int) -> Sequence[tuple[datetime, str, str, str]]:
        """The newest audit entries (when, who, what, detail), newest first."""

    def audit(self, who: str, what: str, detail: str = "") -> None: ...

    def audit_repeated(self, who: str, what: str, detail: str) -> None:
        """Record it in the newest line of the same person and kind, if that is not older than an hour."""

    def request_admission(self, request: AdmitRequest) -> str: ...

    def request_lock_down(self, request: LockDownRequest, *, release: bool) -> str: ...


SyncSource = Callable[[], SyncSummary]
"""The present summary. Must not raise for a missing or damaged file."""
