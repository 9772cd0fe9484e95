"""What the worker does for the uploads."""

from collections.abc import Callable

from district.realname.rounds import keep_sending

ROUNDS: tuple[Callable[[], bool], ...] = (keep_sending,)
