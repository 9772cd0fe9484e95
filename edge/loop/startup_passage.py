"""Serve fire and exit button before the journal is open. Another program may lock it, and fire must not wait."""

from collections.abc import Callable, Sequence
from typing import Any, cast

from edge.core.config import Config
from edge.core.passage import PassageState
from edge.core.ports import Clock, Gate, Journal
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import JournalWriter
from edge.loop.passage_control import PassageControl
from edge.loop.passage_thread import PassageThread


class StartupPassage:
    """Run the passage alone, without camera, lists and journal. It admits nobody, and defers its records.

    `refs`: the known refs of a lock-down and a fire. `feed`: see `PassageThread`.
    """

    def __init__(
        self, config: Config, gate: Gate, clock: Clock, refs: Sequence[str], feed: Callable[[], None] = lambda: None
    ) -> None:
        nothing = cast(Any, None)
        journal = cast(Journal, _StoredRefs(refs))
        adapters = Adapters(
            camera=nothing,
            matcher=nothing,
            gate=gate,
            indicator=nothing,
            roster=nothing,
            journal=journal,
            desk_requests=nothing,
            clock=clock,
        )
        self._gate, self._clock, self._feed = gate, clock, feed
        self._writer = JournalWriter(config, adapters)
        self._passage_control = PassageControl(config, adapters, self._writer)
        self._passage_thread = self._started()

    def hand_over(self, journal: Journal) -> bool:
        """Write the deferred records and end. Return False and continue while the gate is not at rest, or in a fire.
        Raises JournalError."""
        self._passage_thread.stop()
        if not self._passage_control.ready and self._passage_control.state is not PassageState.FIRE_OVER:
            self._passage_thread = self._started()
            return False
        try:
            self._writer.write_deferred_to(journal)
        except BaseException:
            self._passage_thread = self._started()
            raise
        return True

    def close(self) -> None:
        """End the thread. May be called twice."""
        self._passage_thread.stop()

    def _started(self) -> PassageThread:
        return PassageThread(self._passage_control, self._gate, self._clock.monotonic, self._feed)


class _StoredRefs:
    """Stand in for the journal: answer from the refs that are stored beside it."""

    def __init__(self, refs: Sequence[str]) -> None:
        self._refs = refs

    def last_ref(self, *beginnings: str) -> str | None:
        return next((ref for ref in reversed(self._refs) if ref.startswith(beginnings)), None)
