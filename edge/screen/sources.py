"""What the screen needs from the other rooms, in its own words; `edge.app` fills it in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contract.messages import ListKind, PolicySnapshot


@dataclass(frozen=True, slots=True)
class HeldList:
    """A list HQ sent: its version (0 = none yet) and when HQ issued it."""

    version: int = 0
    issued_utc: datetime | None = None


@dataclass(frozen=True, slots=True)
class SyncView:
    """The connection to HQ as the sync process left it in replica.db.

    `since_utc` is when the link came up or went down; `acked` maps each journal epoch to the last seq HQ
    acknowledged; `policy` is the one in force, if this process may read it (it sets the age limits of the lists).
    """

    connected: bool = False
    since_utc: datetime | None = None
    acked: Mapping[str, int] = field(default_factory=dict)
    acked_utc: datetime | None = None
    lists: Mapping[ListKind, HeldList] = field(default_factory=dict)
    policy: PolicySnapshot | None = None


SyncSource = Callable[[], SyncView | None]
"""The present view; None while the sync process has written nothing yet. Must not raise for a missing file."""
