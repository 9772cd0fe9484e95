"""The gate's main loop: read lists and inputs, identify, decide, journal, pulse. Imports no SDK."""

from edge.loop.adapters import Adapters
from edge.loop.gate_loop import FAILURES_MAX, GateLoop

__all__ = ["FAILURES_MAX", "Adapters", "GateLoop"]
