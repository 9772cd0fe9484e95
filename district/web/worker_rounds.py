"""This app's part of the worker."""

import time

from district.web.clock import follow_clock

_EVERY_S = 20.0
_next = {"s": 0.0}


def watch_clock() -> bool:
    """Compare the clock with what it showed before, from time to time."""
    if time.monotonic() >= _next["s"]:
        follow_clock()
        _next["s"] = time.monotonic() + _EVERY_S
    return False


ROUNDS = (watch_clock,)
