"""Decide when the fill light is on. Pure. A dark picture switches it on; its own light must not switch it off.

With the lamp on, the camera cannot tell daybreak from the lamp. So the lamp is switched off briefly while the lane is
empty, and that picture decides.
"""

from dataclasses import dataclass, replace

DARK = 60.0
"""Mean grey value (0-255) of the picture below which a face needs more light."""
BRIGHT = 85.0
"""Mean grey value without the lamp above which no lamp is needed. The gap prevents flicker at dusk."""
LOOK_EVERY_S = 120.0
LOOK_S = 0.8
"""How long the lamp is off for a test: the camera's exposure has to settle."""
ALONE_S = 5.0
"""The lane must be empty this long before a test."""


@dataclass(frozen=True, slots=True)
class FillLight:
    """The lamp's state. `on`: it is lit. Times are monotonic seconds."""

    on: bool = False
    looking_since: float | None = None
    looked_at: float = float("-inf")
    busy_at: float = float("-inf")

    def step(self, grey: float, somebody: bool, now: float) -> "FillLight":
        """Return the state after one frame with mean grey value `grey`. `somebody`: a person is in the lane."""
        state = replace(self, busy_at=now) if somebody else self
        if state.looking_since is not None:
            if somebody:
                return replace(state, on=True, looking_since=None)
            if now - state.looking_since < LOOK_S:
                return state
            return replace(state, on=grey < BRIGHT, looking_since=None, looked_at=now)
        if not state.on:
            return replace(state, on=True, looked_at=now) if grey < DARK else state
        if now - state.looked_at >= LOOK_EVERY_S and now - state.busy_at >= ALONE_S:
            return replace(state, on=False, looking_since=now)
        return state
