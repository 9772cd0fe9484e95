"""HQ's order to start anew: only from rest, never soon after the last start, and by whatever `gate.reboot` allows."""

from edge.core.config import Config
from edge.core.passage import PassageState
from edge.loop.adapters import Adapters
from edge.loop.passage_control import PassageControl

PAUSE_S = 300.0
"""So long after the start the next one must wait: whatever goes wrong at HQ, a gate never does nothing but reboot."""
_AT_REST = (PassageState.LOCKED, PassageState.LOCKDOWN)


class Reboot:
    def __init__(self, config: Config, adapters: Adapters, passage_control: PassageControl) -> None:
        self._how, self._adapters, self._passage_control = config.gate.reboot, adapters, passage_control
        # The monotonic clock counts from the machine's start; a process in a restart loop must not put off the cure.
        self._since_s = 0.0 if self._how == "machine" else adapters.clock.monotonic()

    def objection(self) -> str:
        """Why it cannot be done now; "" if it can."""
        if self._how == "never" or self._adapters.restart is None:
            return 'this gate does not reboot by order: gate.reboot is "never"'
        if self._passage_control.state not in _AT_REST:
            return f"the gate is {self._passage_control.state}: order it again when nobody is in the passage"
        up_s = self._adapters.clock.monotonic() - self._since_s
        if up_s < PAUSE_S:
            return f"started {up_s:.0f} s ago: order it again in {PAUSE_S - up_s:.0f} s"
        return ""

    def begin(self) -> None:
        """Locked first; then the process is asked to end, and nobody is admitted any more."""
        self._passage_control.lock_if_at_rest()
        assert self._adapters.restart is not None
        self._adapters.restart()
