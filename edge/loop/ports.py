"""Everything the loop touches, in one hand."""

from dataclasses import dataclass

from edge.ports import Camera, Clock, Gate, Indicator, Journal, Matcher, Requests, Roster


@dataclass(frozen=True, slots=True)
class Ports:
    camera: Camera
    matcher: Matcher
    gate: Gate
    indicator: Indicator
    roster: Roster
    journal: Journal
    requests: Requests
    clock: Clock
