"""Fire and exit button before there is a journal: another program may lock it while the gate starts, and fire waits for nobody."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from edge.core.config import Config
from edge.core.passage import PassageState
from edge.core.ports import Clock, Gate, Journal
from edge.loop.adapters import Ports
from edge.loop.journal_writer import Book
from edge.loop.passage_control import Turnstile
from edge.loop.passage_thread import Reflex


class EarlyPassage:
    """The passage alone, without camera, lists and journal: it admits nobody. What happens is written once there is a journal.

    `refs`: what is known of a lock-down and a fire, without the journal. `feed`: as for `Reflex`.
    """

    def __init__(
        self, config: Config, gate: Gate, clock: Clock, refs: Sequence[str], feed: Callable[[], None] = lambda: None
    ) -> None:
        nothing = cast(Any, None)
        journal = cast(Journal, _Remembered(refs))
        ports = Ports(nothing, nothing, gate, nothing, nothing, journal, nothing, clock)
        self._gate, self._clock, self._feed = gate, clock, feed
        self._book = Book(config, ports)
        self._turnstile = Turnstile(config, ports, self._book)
        self._reflex = self._started()

    def hand_over(self, journal: Journal) -> bool:
        """Write what happened and end; False while the gate is not at rest, or it burns: then it goes on. Raises JournalError."""
        self._reflex.stop()
        if not self._turnstile.ready and self._turnstile.state is not PassageState.FIRE_OVER:
            self._reflex = self._started()
            return False
        try:
            self._book.write_notes_to(journal)
        except BaseException:
            self._reflex = self._started()
            raise
        return True

    def close(self) -> None:
        """May be called twice."""
        self._reflex.stop()

    def _started(self) -> Reflex:
        return Reflex(self._turnstile, self._gate, self._clock.monotonic, self._feed)


class _Remembered:
    """What the passage asks of a journal, from what is kept beside it."""

    def __init__(self, refs: Sequence[str]) -> None:
        self._refs = refs

    def last_ref(self, *beginnings: str) -> str | None:
        return next((ref for ref in reversed(self._refs) if ref.startswith(beginnings)), None)
