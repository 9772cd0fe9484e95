"""Interpret the edges of contacts, without pins or clock: the caller gives monotonic seconds.

A loose wire can chatter a thousand times a second. An input with more than `CLOSINGS_PER_S` is ignored until it was
steady for `STEADY_S`. Only fire and the exit button still count meanwhile.
"""

from collections import deque

from edge.core.domain import GateSignal

CLOSINGS_PER_S = 8
STEADY_S = 1.0
REPORT_AGAIN_S = 60.0


class ChatterDetector:
    """Detect an input that changes more often than people walk. Report it at most once a minute."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=CLOSINGS_PER_S + 1)
        self._until = self._reported_s = float("-inf")
        self._unreported = False

    def closed(self, now: float) -> bool:
        """Note a closing. Return True if it counts."""
        self._times.append(now)
        if len(self._times) > CLOSINGS_PER_S and now - self._times[0] < STEADY_S:
            self._until, self._unreported = now + STEADY_S, True
        return not self.at(now)

    def at(self, now: float) -> bool:
        """Return True while the input chatters."""
        return now < self._until

    def report_due(self, now: float) -> bool:
        """Return True if the input chattered since the last report, a minute ago or longer."""
        if not self._unreported or now < self._reported_s + REPORT_AGAIN_S:
            return False
        self._reported_s, self._unreported = now, False
        return True


class EventContact:
    """A contact whose closing is an event: a passage, a button.

    `still_every_s`: during chatter one closing per this time still counts (None: none). The exit button has it, because
    the way out is more important than a short journal.
    """

    def __init__(self, signal: GateSignal, still_every_s: float | None = None) -> None:
        self.chatter = ChatterDetector()
        self._signal, self._still_every_s, self._last = signal, still_every_s, float("-inf")

    def change(self, closed: bool, now: float) -> list[GateSignal]:
        if not closed:
            return []
        believed = self.chatter.closed(now)
        overdue = self._still_every_s is not None and now - self._last >= self._still_every_s
        if not believed and not overdue:
            return []
        self._last = now
        return [self._signal]

    def poll(self, closed: bool, now: float) -> list[GateSignal]:
        return []


class StateContact:
    """A contact with a lasting state: a door, a housing. A steady state is always reported."""

    def __init__(self, on: GateSignal, off: GateSignal) -> None:
        self.chatter = ChatterDetector()
        self._on, self._off, self._reported, self._seen = on, off, False, False

    def change(self, active: bool, now: float) -> list[GateSignal]:
        if active and not self._seen:
            self.chatter.closed(now)
        self._seen = active
        return self.poll(active, now)

    def poll(self, active: bool, now: float) -> list[GateSignal]:
        if active == self._reported or self.chatter.at(now):
            return []
        self._reported = active
        return [self._on if active else self._off]


class FireContact:
    """The fire contact. The first closing counts. The fire is over after `STEADY_S` without one."""

    def __init__(self) -> None:
        self.chatter = ChatterDetector()
        self._burns = self._latched = self._seen = False
        self._quiet_since = 0.0

    def change(self, active: bool, now: float) -> list[GateSignal]:
        """Store the change. `poll` reports it, so that fire never waits in a queue."""
        if active and not self._seen:
            self.chatter.closed(now)
            self._latched = True
        if not active:
            self._quiet_since = now
        self._seen = active
        return []

    def poll(self, active: bool, now: float) -> list[GateSignal]:
        if active != self._seen:  # the edge was lost
            self.change(active, now)
        signals = []
        if (active or self._latched) and not self._burns:
            self._burns = True
            signals.append(GateSignal.FIRE_ON)
        self._latched = False
        if self._burns and not active and now - self._quiet_since >= STEADY_S:
            self._burns = False
            signals.append(GateSignal.FIRE_OFF)
        return signals


class RotationContacts:
    """Two overlapping contacts on the arm's axle. Inwards a closes before b and opens before b; outwards the reverse.

    One missed edge is tolerated. An arm that turns back counts no passage.
    """

    _ORDER = ((False, False), (True, False), (True, True), (False, True))

    def __init__(self) -> None:
        self._at, self._turned, self._last = 0, 0, 0

    def change(self, a: bool, b: bool) -> list[GateSignal]:
        """Apply the contacts' new states, True = closed."""
        at = self._ORDER.index((a, b))
        step = (at - self._at + 1) % 4 - 1  # -1, 0, 1, or 2: an edge was missed
        if step == 2:
            step = 2 * self._last
        began = self._at == 0 and at != 0 and self._turned == 0
        self._turned += step
        self._at, self._last = at, (step > 0) - (step < 0) or self._last
        if at != 0:
            return [GateSignal.ROTATING] if began else []
        turned, self._turned, self._last = self._turned, 0, 0
        if abs(turned) < 3:
            return []
        return [GateSignal.PASSED_IN if turned > 0 else GateSignal.PASSED_OUT]
