"""What the loop writes in the journal: decisions at once, what has already happened as soon as the disk takes it."""

from collections import deque
from datetime import datetime
from typing import Any

from contract.messages import AccessEvent, Direction, Event, NoticeCode, NoticeEvent
from edge.core.config import Config
from edge.core.domain import Decision
from edge.core.ports import Journal
from edge.loop.adapters import Adapters


def before_memory(journal: Journal, issued_utc: datetime) -> bool:
    """True for what may have been used without this journal knowing: the file that knew is lost."""
    since = journal.knows_since()
    return since is not None and issued_utc < since


class JournalWriter:
    def __init__(self, config: Config, adapters: Adapters) -> None:
        self._config, self._adapters = config, adapters
        self._unwritten: deque[tuple[type[Event], dict[str, Any]]] = deque()

    @property
    def unwritten(self) -> int:
        """What happened and is not on disk yet."""
        return len(self._unwritten)

    def knows(self, ref: str) -> bool:
        """True if something of this `ref` was ever recorded, also if it is not on disk yet."""
        return self._adapters.journal.seen(ref) or any(fields.get("ref") == ref for _, fields in list(self._unwritten))

    def defer(self, kind: type[Event], **fields: Any) -> None:
        """Record what has already happened. It is written this turn, or on a later one if the disk refuses.

        The one method that may be called from another thread: it only remembers.
        """
        self._unwritten.append((kind, fields))

    def defer_notice(self, code: NoticeCode, detail: str = "") -> None:
        """`defer` for a notice."""
        self.defer(NoticeEvent, code=code, detail=detail[:500])

    def write_deferred(self) -> None:
        """Raises JournalError; what could not be written stays for the next call."""
        self.write_deferred_to(self._adapters.journal)

    def write_deferred_to(self, journal: Journal) -> None:
        """The same, in another journal."""
        while self._unwritten:
            kind, fields = self._unwritten[0]
            journal.append(kind, **fields)
            self._unwritten.popleft()

    def write_notice(self, ref: str, code: NoticeCode, detail: str) -> None:
        """Journal a notice under a `ref` that is unique for ever. Raises JournalError."""
        self._adapters.journal.append(NoticeEvent, ref=ref, code=code, detail=detail[:500])

    def write_decision(
        self, decision: Decision, ref: str | None = None, direction: Direction | None = None
    ) -> AccessEvent:
        """The decision on disk; `direction`: the gate's own unless said. Whatever follows, follows after.

        Raises JournalError.
        """
        self.write_deferred()  # what happened before stands before it
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
            roster_tier=decision.roster_tier,
            risk_tier=decision.risk_tier,
            factors=tuple(sorted(decision.factors)),
            alerts=decision.alerts,
            temperature_c=decision.temperature_c,
            detail=decision.detail,
        )
