"""This app's part of the worker."""

import time

from django.utils import timezone

from district.people.registry import erase_due
from district.web.clock import is_proven

_EVERY_S = 3600.0
_next = {"s": 0.0}


def erase_people_due() -> bool:
    """Erase people whose last legal hold has ended. Return True while there are more."""
    if time.monotonic() < _next["s"]:
        return False
    if not is_proven(timezone.now()):
        return False  # what is erased does not come back with the right time
    done = erase_due(timezone.localdate())
    if not done:
        _next["s"] = time.monotonic() + _EVERY_S
    return bool(done)


ROUNDS = (erase_people_due,)
