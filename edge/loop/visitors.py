"""Visitors at this gate: passes from desk.db that the journal has recorded, and requests about them."""

from collections.abc import Sequence

from contract.messages import Direction, NoticeCode, NoticeEvent, Origin, PassageEvent, PassageOutcome
from edge.core.claims import UNKNOWN_BADGE, badge_claim
from edge.core.domain import Claim, DeskRequest, VisitorLeftRequest, VisitorPass, VisitorRequest
from edge.core.domain.visitors import VISIT_MAX
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import JournalWriter


class Visitors:
    """Holds the passes of desk.db. A pass admits only while the journal knows its registration as it stands.

    So no change of the file admits anybody without a record of who asked for it.
    """

    def __init__(self, adapters: Adapters, writer: JournalWriter) -> None:
        self._adapters, self._writer = adapters, writer
        self._passes: dict[str, VisitorPass] = {}

    def take(self, passes: Sequence[VisitorPass]) -> None:
        """Replace all passes by those that desk.db holds now."""
        self._passes = {one.badge: one for one in passes}

    def claim(self, badge: str) -> Claim:
        """Return the claim of a badge. `badge`: the digest of its text."""
        found = self._passes.get(badge)
        if found is None or not self._writer.knows(found.ref):
            return Claim(refusal=UNKNOWN_BADGE)
        return badge_claim(badge, self._passes, self._adapters.clock.utc())

    def holds(self, worker_id: str | None) -> bool:
        """Return True if this id is a recorded visitor's whose visit lasts."""
        now = self._adapters.clock.utc()
        mine = (one for one in self._passes.values() if one.visitor_id == worker_id)
        return any(now < one.until_utc and self._writer.knows(one.ref) for one in mine)

    def register(self, request: DeskRequest, wanted: VisitorRequest) -> str:
        """Record a registration. Return what is wrong, or "". Raises JournalError."""
        asked = wanted.visitor_pass
        if request.ref != asked.ref:
            return f"by {wanted.by}: the pass is not the one that was asked for"
        if not asked.from_utc < asked.until_utc <= wanted.asked_utc + VISIT_MAX:
            return f"by {wanted.by}: a visit lasts at most {VISIT_MAX.total_seconds() / 3600:g} h"
        detail = f"{asked.visitor_id}: registered until {asked.until_utc:%Y-%m-%d %H:%M} UTC"
        self._done(request.ref, wanted.by, detail)
        return ""

    def leave(self, request: DeskRequest, wanted: VisitorLeftRequest) -> str:
        """Record that a visitor left, if they are inside. Return what is wrong, or "". Raises JournalError."""
        presence = self._adapters.presence
        last = presence.last_passage(wanted.visitor_id) if presence is not None else None
        if presence is not None and (last is None or last.direction is Direction.OUT):
            self._done(request.ref, wanted.by, f"{wanted.visitor_id}: ended, not inside")
            return ""
        self._writer.write_deferred()  # earlier events come first
        self._adapters.journal.append(
            PassageEvent,
            ref=request.ref,
            outcome=PassageOutcome.PASSED,
            direction=Direction.OUT,
            worker_id=wanted.visitor_id,
            by=wanted.by,
            origin=Origin.DESK,
        )
        return ""

    def _done(self, ref: str, by: str, detail: str) -> None:
        self._writer.write_deferred()
        self._adapters.journal.append(
            NoticeEvent, ref=ref, code=NoticeCode.COMMAND_DONE, by=by, origin=Origin.DESK, detail=detail
        )
