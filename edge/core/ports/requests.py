"""Ports of requests made at this gate."""

from collections.abc import Sequence
from typing import Protocol

from edge.core.domain import DeskRequest, TechnicianRequest


class DeskRequestSource(Protocol):
    """What people at this gate asked for on their own screen or command line (desk.db)."""

    def changed(self) -> bool: ...

    def requests(self, after_id: int) -> Sequence[DeskRequest]:
        """Requests with an id above `after_id`, oldest first."""


class TechnicianRequestSource(Protocol):
    """What only a technician may ask of the gate process (`edge.storage.technician_request`)."""

    def waiting(self) -> TechnicianRequest | None: ...

    def done(self) -> None:
        """The request is recorded."""
