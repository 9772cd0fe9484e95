"""What apps add to the worker: rounds, and handlers of HQ's feed.

A round is a function without arguments that does a bounded piece of work. It returns True if there may be more. An app
lists its rounds in `worker_rounds.py`: `ROUNDS: tuple[Round, ...]`. The worker gives each a thread. One round runs in
one worker at a time, also with several workers.

An app that reads events has `feed_handlers.py` with `handle(entries)`. It is called inside the transaction that stores
the cursor. So what it stores counts once. It may do nothing but write to the database, and it must take the same entry
twice (`changed`, `restart`).
"""

import time
from collections.abc import Callable, Sequence
from functools import wraps

from district.web.registry import modules_of_apps
from district.wire import FeedEntry

Round = Callable[[], bool]
FeedHandler = Callable[[Sequence[FeedEntry]], None]


def every(seconds: float, do: Round) -> Round:
    """Make a round that does its work at most once in so many seconds."""
    after_s = 0.0

    @wraps(do)
    def timed() -> bool:
        nonlocal after_s
        if time.monotonic() < after_s:
            return False
        more = do()
        after_s = time.monotonic() + (0.0 if more else seconds)
        return more

    return timed


def registered_rounds() -> tuple[tuple[str, Round], ...]:
    """Return the rounds of all apps, each with its name."""
    return tuple(
        (f"{app.label}.{one.__name__}", one)
        for app, module in modules_of_apps("worker_rounds")
        for one in module.ROUNDS
    )


def registered_handlers() -> tuple[FeedHandler, ...]:
    """Return the feed handlers of all apps, in the order of INSTALLED_APPS."""
    return tuple(module.handle for _app, module in modules_of_apps("feed_handlers"))
