"""Write the loop's events: decisions at once, other events as soon as the disk accepts them."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contract.messages import AccessEvent, Direction, Event, NoticeCode, NoticeEvent, Origin
from edge.core.config import Config
from edge.core.domain import Decision
from edge.core.ports import Journal
from edge.loop.adapters import Adapters


def before_memory(journal: Journal, issued_utc: datetime) -> bool:
    """Return True if this may have been used before: the file that would know is lost."""
    since = journal.knows_since()
    return since is not None and issued_utc < since


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked for something, where, and why."""

    by: str
    origin: Origin
    why: str = ""

    def fields(self) -> dict[str, object]:
        """Return the fields of its notice."""
        detail = f"by {self.by}: {self.why}" if self.why else f"by {self.by}"
        return {"by": self.by, "origin": self.origin, "detail": detail[:500]}


class JournalWriter:
    def __init__(self, config: Config, adapters: Adapters) -> None:
        self._config, self._adapters = config, adapters
        self._unwritten: deque[tuple[type[Event], dict[str, Any]]] = deque()

    @property
    def unwritten(self) -> int:
        """The number of events that are not on disk yet."""
        return len(self._unwritten)

    def knows(self, ref: str) -> bool:
        """Return True if an event with this `ref` was ever recorded, also if it is not on disk yet."""
        return self._adapters.journal.seen(ref) or any(fields.get("ref") == ref for _, fields in list(self._unwritten))

    def defer(self, kind: type[Event], **fields: Any) -> None:
        """Record what has already happened. It is written in this turn, or later if the disk refuses.

        The only method that other threads may call: it only stores in memory.
        """
        self._unwritten.append((kind, fields))

    def defer_notice(self, code: NoticeCode, detail: str = "") -> None:
        """Call `defer` for a notice."""
        self.defer(NoticeEvent, code=code, detail=detail[:500])

    def write_deferred(self) -> None:
        """Write the deferred events. What cannot be written stays for the next call. Raises JournalError."""
        self.write_deferred_to(self._adapters.journal)

    def write_deferred_to(self, journal: Journal) -> None:
        """Write the deferred events into another journal. See `write_deferred`."""
        while self._unwritten:
            kind, fields = self._unwritten[0]
            journal.append(kind, **fields)
            self._unwritten.popleft()

    def write_notice(self, ref: str, code: NoticeCode, detail: str, by: str = "", origin: Origin | None = None) -> None:
        """Write a notice under a unique `ref`. Raises JournalError."""
        self._adapters.journal.append(NoticeEvent, ref=ref, code=code, by=by, origin=origin, detail=detail[:500])

    def write_decision(
        self, decision: Decision, ref: str | None = None, direction: Direction | None = None
    ) -> AccessEvent:
        """Write a decision to disk before its effects. `direction`: the gate's own unless given.

        Raises JournalError.
        """
        self.write_deferred()  # earlier events come first
        state, matcher = self._adapters.roster.state, self._adapters.matcher
        return self._adapters.journal.append(
            AccessEvent,
            ref=ref,
            reason=decision.reason,
            granted=decision.granted,
            advice=decision.advice,
            direction=direction or self._config.site.direction,
            worker_id=decision.worker_id,
            score=decision.score,
            threshold=decision.threshold,
            frames=decision.frames,
            liveness=decision.liveness,
            model_id=matcher.model_id,
            gallery_size=matcher.gallery_size,
            roster_version=state.roster.version,
            risk_version=state.risk.version,
            policy_version=state.policy_age.version,
            presence_version=decision.presence_version,
            roster_tier=decision.roster_tier,
            risk_tier=decision.risk_tier,
            factors=tuple(sorted(decision.factors)),
            alerts=decision.alerts,
            temperature_c=decision.temperature_c,
            by=decision.by,
            origin=decision.origin,
            detail=decision.detail,
        )
