"""Refuse genuine and timely orders that may have been executed before.

The journal remembers each order. An old image of the card or a removed journal has lost some. So an order must be
newer than the machine's start, this journal's start and the newest order executed before.
"""

from datetime import timedelta

from contract.messages import Command, CommandAction
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import before_memory

HARMLESS = (CommandAction.LOCK_DOWN, CommandAction.RESYNC)
"""Allowed in doubt: a repetition changes nothing, or locks."""


class ReplayGuard:
    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self._newest_before = adapters.high_water.newest_order() if adapters.high_water else None

    def objection(self, command: Command) -> str:
        """Return why the order must not be executed; "" if it may."""
        if command.action in HARMLESS:
            return ""
        clock = self._adapters.clock
        if not clock.trusted():
            return "the gate's clock is not trusted, so the order may be an old one: set the clock right, then order it again"
        if before_memory(self._adapters.journal, command.issued_utc):
            return "issued before this gate's memory begins, so it may have been executed already: order it again"
        if command.issued_utc < clock.utc() - timedelta(seconds=clock.monotonic()):
            return "issued before the gate was switched on, so it may have been executed already: order it again"
        if self._newest_before is not None and command.issued_utc <= self._newest_before:
            return "a newer order was executed before the restart, so this one may have been too: order it again"
        return ""

    def remember(self, command: Command) -> None:
        """Remember the order outside the journal too, before it is executed."""
        if self._adapters.high_water is not None:
            self._adapters.high_water.note_order(command.issued_utc)
