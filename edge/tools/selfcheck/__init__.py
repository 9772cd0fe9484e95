"""`sitegate check`: is this gate ready? One question per function; none changes or opens anything."""

from common.check_result import CheckResult, CheckState
from edge.tools.selfcheck.devices import broker, camera, gate_is_running, pins, thermometer, ways_in
from edge.tools.selfcheck.installation import clock, disk, keys, secrets, weights
from edge.tools.selfcheck.recognition import lists, liveness, look_alikes, own_scores, threshold
from edge.tools.selfcheck.run import ask_all
from edge.tools.selfcheck.topics import topics

__all__ = [
    "CheckResult",
    "CheckState",
    "ask_all",
    "broker",
    "camera",
    "clock",
    "disk",
    "gate_is_running",
    "keys",
    "lists",
    "liveness",
    "look_alikes",
    "own_scores",
    "pins",
    "secrets",
    "thermometer",
    "threshold",
    "topics",
    "ways_in",
    "weights",
]
