"""One frame through the whole picture: lists, inputs, look, decide, journal, pulse. Imports no SDK."""

from edge.loop.gateloop import FAILURES_MAX, GateLoop
from edge.loop.ports_in_use import Ports

__all__ = ["FAILURES_MAX", "GateLoop", "Ports"]
