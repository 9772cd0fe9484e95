"""The journal, read only: for sync, screen and the command line."""

from collections.abc import Iterable

from contract.chain import GENESIS
from contract.codec import BadMessage, decode_event
from contract.messages import AnyEvent, EventRecord
from edge.core.domain import LiveState
from edge.storage import journal_events, journal_tables
from edge.storage.database_reader import DatabaseReader


class JournalReader(DatabaseReader):
    """Reads the journal for other processes. See `edge.core.ports.JournalReader`."""

    @property
    def epoch(self) -> str:
        """The epoch's name, or "" while there is no journal."""
        row = self.ask(journal_tables.journal, None)
        return row.epoch if row else ""

    def head(self) -> int:
        """See `edge.core.ports.JournalReader`."""
        return self.ask(journal_events.head, 0)

    def base(self) -> tuple[int, str]:
        """Return seq and hash before the oldest record: (0, GENESIS) if none was removed."""
        return self.ask(journal_tables.base, journal_tables.Base(0, GENESIS))

    def records(self, after: int, limit: int) -> list[EventRecord]:
        """See `edge.core.ports.JournalReader`."""
        return self.ask(lambda db: journal_events.records(db, after, limit), [])

    @property
    def signed(self) -> bool:
        """Whether the gate process signs this journal. A version before 1.3 does not."""
        return self.ask(journal_events.has_signatures, False)

    def sealed(self) -> int:
        """Count the enrolments that still hold sealed content."""
        return self.ask(journal_events.count_sealed, 0)

    def seen(self, ref: str) -> bool:
        """Say whether an event with this ref was ever appended."""
        return self.ask(lambda db: journal_tables.has_ref(db, ref), False)

    def latest(self, limit: int) -> list[AnyEvent]:
        """Return the newest events, newest first."""
        return decoded(self.ask(lambda db: journal_events.latest(db, limit), []))

    def live(self) -> LiveState | None:
        """Return the gate's present state, or None."""
        state = self.ask(journal_tables.live, None)
        return LiveState.model_validate_json(state) if state else None


def decoded(bodies: Iterable[str]) -> list[AnyEvent]:
    """Decode the events that this version knows. An event of a newer version stays in the chain and is not shown."""
    events = []
    for body in bodies:
        try:
            events.append(decode_event(body))
        except BadMessage:
            continue
    return events
