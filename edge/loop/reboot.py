"""Execute HQ's reboot order: only at rest, never soon after the last start, and only as `gate.reboot` allows."""

from edge.core.config import Config
from edge.core.passage import PassageState
from edge.loop.adapters import Adapters
from edge.loop.passage_control import PassageControl

PAUSE_S = 300.0
"""Shortest time between a start and the next reboot. A faulty HQ must not keep a gate rebooting."""
_AT_REST = (PassageState.LOCKED, PassageState.LOCKDOWN)


class Reboot:
    def __init__(self, config: Config, adapters: Adapters, passage_control: PassageControl) -> None:
        self._how, self._adapters, self._passage_control = config.gate.reboot, adapters, passage_control
        # The monotonic clock starts with the machine. Restarts of the process must not delay a reboot that may help.
        self._since_s = 0.0 if self._how == "machine" else adapters.clock.monotonic()

    def objection(self) -> str:
        """Return why a reboot is not possible now; "" if it is."""
        if self._how == "never" or self._adapters.restart is None:
            return 'this gate does not reboot by order: gate.reboot is "never"'
        if self._passage_control.state not in _AT_REST:
            return f"the gate is {self._passage_control.state}: order it again when nobody is in the passage"
        up_s = self._adapters.clock.monotonic() - self._since_s
        if up_s < PAUSE_S:
            return f"started {up_s:.0f} s ago: order it again in {PAUSE_S - up_s:.0f} s"
        return ""

    def begin(self) -> None:
        """Lock, then ask the process to end. From now on nobody is admitted."""
        self._passage_control.lock_if_at_rest()
        assert self._adapters.restart is not None
        self._adapters.restart()
