"""Which of HQ's orders may be obeyed although they are genuine and in time: none that may have been obeyed before.

The journal remembers each order. An old image of the card, or a journal that was removed, has lost some: so an order is obeyed only
if it was issued after the machine was switched on, after this journal began, and after the newest order obeyed before.
"""

from datetime import timedelta

from contract.messages import Command, CommandAction
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import before_memory

HARMLESS = (CommandAction.LOCK_DOWN, CommandAction.RESYNC)
"""Obeyed in doubt: a second time they change nothing, or lock."""


class ReplayGuard:
    def __init__(self, adapters: Adapters) -> None:
        self._adapters = adapters
        self._newest_before = adapters.high_water.newest_order() if adapters.high_water else None

    def objection(self, command: Command) -> str:
        """Why it must not be obeyed; "" if it may."""
        if command.action in HARMLESS:
            return ""
        clock = self._adapters.clock
        if not clock.trusted():
            return "the gate's clock is not trusted, so the order may be an old one: set the clock right, then order it again"
        if before_memory(self._adapters.journal, command.issued_utc):
            return "issued before this gate's memory begins, so it may have been obeyed already: order it again"
        if command.issued_utc < clock.utc() - timedelta(seconds=clock.monotonic()):
            return "issued before the gate was switched on, so it may have been obeyed already: order it again"
        if self._newest_before is not None and command.issued_utc <= self._newest_before:
            return "a newer order was obeyed before the restart, so this one may have been too: order it again"
        return ""

    def remember(self, command: Command) -> None:
        """It is about to be obeyed: remembered beside the journal too."""
        if self._adapters.high_water is not None:
            self._adapters.high_water.note_order(command.issued_utc)
