"""Protocols of what the screen needs: the connection to HQ, and the desk.

`edge.replica.summary.ReplicaSummary` has this shape; `edge.app` joins the two.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from contract.messages import DirectoryEntry, ListKind
from edge.core.domain import (
    AdmitRequest,
    ConfirmTrainingRequest,
    DecisionRow,
    HistoryPage,
    HistoryQuery,
    LockDownRequest,
    SiteStandings,
    WorkerPassage,
)
from edge.core.domain.alarms import Acknowledgement
from edge.core.domain.visitors import VisitorDetails, VisitRecord


class HeldList(Protocol):
    """A list on this disk: HQ's version and issue time."""

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
    """The connection to the broker, up or down since `since_utc`; `detail` says why there is none. `hq_online` is None
    while HQ said nothing."""

    @property
    def connected(self) -> bool: ...

    @property
    def since_utc(self) -> datetime: ...

    @property
    def detail(self) -> str: ...

    @property
    def hq_online(self) -> bool | None: ...


class SyncSummary(Protocol):
    """The whole summary. `link` is None if no sync process has run."""

    @property
    def lists(self) -> Mapping[ListKind, HeldList]: ...

    @property
    def ack(self) -> LastAck | None: ...

    @property
    def link(self) -> Link | None: ...


class NameDirectory(Protocol):
    """The names of the site's workers, by worker id. `version` 0: there is no list, or it is not used. `trouble`: why a
    list that is here is not used, for a technician; or ""."""

    @property
    def version(self) -> int: ...

    @property
    def issued_utc(self) -> datetime | None: ...

    @property
    def entries(self) -> Mapping[str, DirectoryEntry]: ...

    @property
    def trouble(self) -> str: ...


class GuardDesk(Protocol):
    """Where the pages leave requests and find accounts.

    Each call but the first three raises DeskError if the disk refuses.
    """

    def password(self, name: str) -> str | None:
        """The stored form of an account's password; None if there is no such account."""

    def role(self, name: str) -> str | None:
        """The stored role of an account; None if there is no such account."""

    def audit_trail(self, limit: int) -> Sequence[tuple[datetime, str, str, str]]:
        """The newest audit entries (when, who, what, detail), newest first."""

    def audit(self, who: str, what: str, detail: str = "") -> None: ...

    def audit_repeated(self, who: str, what: str, detail: str) -> None:
        """Add to the newest entry of the same person and kind, if it is at most an hour old."""

    def request_admission(self, request: AdmitRequest) -> str: ...

    def request_lock_down(self, request: LockDownRequest, *, release: bool) -> str: ...

    def request_confirmation(self, request: ConfirmTrainingRequest) -> str: ...


class VisitorDesk(Protocol):
    """Where the pages keep visitors. Each call raises DeskError if the disk refuses."""

    def register_visitor(self, details: VisitorDetails, by: str, until: datetime) -> tuple[str, str]:
        """Store a visit, and ask the gate to record it. Return the visitor's id and the text of the badge."""

    def renew_badge(self, visitor_id: str, by: str, until: datetime) -> str | None:
        """Give a visitor another badge. Return its text; None if no such visit lasts."""

    def end_visit(self, visitor_id: str, by: str) -> bool:
        """End a visit. Return False if no such visit lasts."""

    def visit(self, visitor_id: str) -> VisitRecord | None: ...

    def visits(self) -> Sequence[VisitRecord]:
        """The newest visits: first those that last."""


class AlarmDesk(Protocol):
    """Where the pages keep who acknowledged which alarm. Each call raises DeskError if the disk refuses."""

    def acknowledge(self, epoch: str, seq: int, by: str, note: str) -> bool:
        """Store who acknowledged an alarm. Return False if somebody did before."""

    def acknowledgements(self, epoch: str) -> Mapping[int, Acknowledgement]:
        """Who acknowledged which alarm of a journal, by event number."""


class KeptScreenStore(Protocol):
    """Where kept screens are stored. Each method but the second raises DeskError if the disk refuses."""

    def keep_screen(self, token: str, name: str, password: str, since: datetime, until: datetime) -> None:
        """Store a screen. `token` and `password` are digests."""

    def kept_screen(self, token: str) -> tuple[str, str, datetime, datetime] | None:
        """Return name, digest of the password, since and until of a screen."""

    def end_kept_screen(self, token: str) -> bool:
        """Remove a screen. Return False if there is none."""


class ScreenDesk(GuardDesk, VisitorDesk, AlarmDesk, KeptScreenStore, Protocol):
    """All that the screen needs of desk.db."""


class Picture(Protocol):
    """A picture of the person who approaches. `stamp` changes with each picture."""

    @property
    def stamp(self) -> int: ...

    @property
    def jpeg(self) -> bytes: ...


PreviewSource = Callable[[int], Picture | None]
"""The present picture; None if there is none, or it has the given stamp. Must not raise."""


class History(Protocol):
    """The journal's past, in `edge.storage.journal_history`. Threads may share it. A missing or damaged journal has no
    past, and `trouble` says why."""

    @property
    def trouble(self) -> str: ...

    def oldest(self) -> datetime | None:
        """Return the time of the oldest event that is kept."""

    def page(self, asked: HistoryQuery, number: int, size: int, through: int = 0) -> HistoryPage:
        """Return page `number` (from 0), newest first. `through`: no event after this one; 0: all."""

    def decisions(self, since: datetime, until: datetime) -> Sequence[DecisionRow]:
        """Return the decisions of a time, oldest first."""

    def passages(self, since: datetime, until: datetime) -> Iterable[WorkerPassage]:
        """Yield the passages of named workers who got through, in the journal's order."""


SyncSource = Callable[[], SyncSummary]
"""The present summary. Must not raise for a missing or damaged file."""
StandingSource = Callable[[], SiteStandings | None]
"""What the gate process wrote last of its workers; None: it does not run. Must not raise."""
