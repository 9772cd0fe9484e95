"""When the fill light is on: pure, with memory of one lamp. Dark switches it on; the lamp's own light must not switch it off.

With the lamp on, the camera can't tell daybreak from its own light. So while nobody is in the lane the lamp is put out for a
moment now and then, and the picture without it decides.
"""

from dataclasses import dataclass, replace

DARK = 60.0
"""Mean grey value (0-255) of the picture below which a face needs more light."""
BRIGHT = 85.0
"""Without the lamp, above it no lamp is needed: the gap keeps dusk from flickering."""
LOOK_EVERY_S = 120.0
LOOK_S = 0.8
"""How long the lamp is out for a look: the camera's exposure has to settle."""
ALONE_S = 5.0
"""Nobody for so long, before the lamp goes out for a look."""


@dataclass(frozen=True, slots=True)
class FillLight:
    """`on`: the lamp. Times are monotonic seconds."""

    on: bool = False
    looking_since: float | None = None
    looked_at: float = float("-inf")
    busy_at: float = float("-inf")

    def step(self, grey: float, somebody: bool, now: float) -> "FillLight":
        """The lamp after one frame whose mean grey value is `grey`; `somebody` is in the lane."""
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
