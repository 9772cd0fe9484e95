"""Change lists and gallery in the same turn: hold back a new roster until its gallery is built."""

from collections.abc import Callable, Sequence
from datetime import datetime

from contract.messages import Ack, Command, ListKind
from edge.core.domain import Incident, RosterState, Template
from edge.core.ports import Roster
from edge.replica.apply_delta import with_list


class PreparedRoster:
    """Wrap a roster. Implements `edge.core.ports.Roster`.

    `prepare(templates)` builds a gallery beside the loop. It returns True when `Matcher.load(templates)` will be
    immediate.
    """

    def __init__(self, roster: Roster, prepare: Callable[[Sequence[tuple[str, Template]]], bool]) -> None:
        self._roster, self._prepare = roster, prepare
        self._state = RosterState()
        self._waiting = roster.state != self._state  # the lists read at the start pass through here too

    @property
    def state(self) -> RosterState:
        return self._state

    def refresh(self) -> bool:
        """See `edge.core.ports.Roster`. Changes without a new gallery pass at once, also during a build."""
        if not self._roster.refresh() and not self._waiting:
            return False
        new, held = self._roster.state, self._state
        self._waiting = new.templates is not held.templates and not self._prepare(new.templates)
        if self._waiting:
            if (new.risk, new.policy_age) == (held.risk, held.policy_age):
                return False
            new = with_list(ListKind.ROSTER, new, held)
        self._state = new
        return True

    def incidents(self) -> list[Incident]:
        return self._roster.incidents()

    def commands(self, now: datetime) -> list[Command]:
        return self._roster.commands(now)

    def acks(self) -> list[Ack]:
        return self._roster.acks()
