"""Ports of requests made at this gate."""

from collections.abc import Sequence
from typing import Protocol

from edge.core.domain import DeskRequest, TechnicianRequest, VisitorPass


class DeskRequestSource(Protocol):
    """Requests made on this gate's screen or command line (desk.db)."""

    def changed(self) -> bool: ...

    def requests(self, after_id: int) -> Sequence[DeskRequest]:
        """Return requests with an id above `after_id`, oldest first."""

    def visitor_passes(self) -> Sequence[VisitorPass]:
        """Return the passes of visits that have not ended."""


class TechnicianRequestSource(Protocol):
    """Requests that only a technician may make (`edge.storage.technician_request`)."""

    def waiting(self) -> TechnicianRequest | None: ...

    def done(self) -> None:
        """Note that the request is recorded."""
