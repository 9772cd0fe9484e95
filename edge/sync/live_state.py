"""What the gate process says about itself in the journal, as long as it is fresh."""

from datetime import UTC, datetime

from contract.messages import Direction
from edge.core.domain import LiveState, Tone
from edge.core.ports import Clock, JournalReader

LIVE_MAX_S = 10.0
"""A gate process that wrote nothing for longer counts as silent. Its last words do not count."""
SILENT = LiveState(utc=datetime.fromtimestamp(0, UTC), direction=Direction.IN, gate_state="", tone=Tone.IDLE)
"""The state of a silent gate process."""


class GateState:
    """Reads the state from the journal."""

    def __init__(self, journal: JournalReader, clock: Clock) -> None:
        self._journal, self._clock = journal, clock

    def read(self) -> LiveState:
        """Return the present state, or SILENT."""
        live = self._journal.live() or SILENT
        return live if (self._clock.utc() - live.utc).total_seconds() <= LIVE_MAX_S else SILENT
