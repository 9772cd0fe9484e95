"""Limit wrong guesses of PINs, cards, codes and passwords. Pure. Times are seconds of one clock.

Two limits work side by side. `BurstLockout` ends a burst and forgets all of it after a quiet time. `SlowLockout`
remembers for hours or days and forgets one guess at a time. So guessing just below the burst limit cannot go on for
ever.
"""

from dataclasses import dataclass, replace

from common.backoff import doubled_s

NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class BurstLimit:
    """Limit of a burst. `free` wrong guesses are allowed; the last of them and each later one cost a pause.

    The pause begins at `pause_s` and doubles up to `pause_max_s`. After `forget_s` without a wrong guess all are
    forgotten.
    """

    free: int
    pause_s: float
    pause_max_s: float
    forget_s: float


PER_WORKER = BurstLimit(free=3, pause_s=60, pause_max_s=3600, forget_s=24 * 3600)
"""PINs of one worker: at most 3 in the first minute, 28 on the first day, 24 a day from then on."""
PER_READER = BurstLimit(free=10, pause_s=30, pause_max_s=900, forget_s=120)
"""Wrong PINs and unknown cards at one reader, for all workers together."""
PER_ACCOUNT = BurstLimit(free=5, pause_s=30, pause_max_s=900, forget_s=3600)
"""Passwords on the screen, for one name and one visitor."""
PER_KNOWN_BROWSER = BurstLimit(free=5, pause_s=15, pause_max_s=60, forget_s=3600)
"""The same for a browser that has signed in under this name before.

A stranger at the guard's keyboard locks the guard out for a minute at most. That allows 1,440 passwords a day.
"""


@dataclass(frozen=True, slots=True)
class SlowLimit:
    """Limit of slow guessing. `free` wrong guesses are allowed; each later one costs a pause, from `pause_s` doubling
    up to `pause_max_s`.

    One guess is forgotten every `forget_one_s`. In the long run that is the shortest time between two guesses.
    """

    free: int
    forget_one_s: float
    pause_s: float
    pause_max_s: float


READER_SLOW = SlowLimit(free=40, forget_one_s=1800, pause_s=300, pause_max_s=7200)
"""Wrong PINs and unknown cards at one reader: 40 at once, then 48 a day. A rush hour with some mistakes stays below."""
WORKER_SLOW = SlowLimit(free=10, forget_one_s=12 * 3600, pause_s=3600, pause_max_s=48 * 3600)
"""Wrong PINs of one worker, which the right PIN does not clear: 10 at once, then 2 a day."""
CODES_SLOW = SlowLimit(free=20, forget_one_s=600, pause_s=300, pause_max_s=3600)
"""Recorded refused codes. They cannot be guessed, but a video of them must not fill the journal."""


@dataclass(frozen=True, slots=True)
class SlowLockout:
    """Remembered wrong guesses (`wrong`, at `last_s`), and the end of the pause."""

    wrong: float = 0
    last_s: float = NEVER
    paused_until_s: float = NEVER

    def paused(self, now_s: float) -> bool:
        return now_s < self.paused_until_s

    def after_wrong(self, schedule: SlowLimit, now_s: float) -> "SlowLockout":
        """Add one wrong guess."""
        forgotten = (now_s - self.last_s) / schedule.forget_one_s if self.wrong else 0
        wrong = max(0.0, self.wrong - max(0.0, forgotten)) + 1
        beyond = wrong - schedule.free
        if beyond <= 0:
            return replace(self, wrong=wrong, last_s=now_s)
        pause_s = doubled_s(schedule.pause_s, beyond - 1, schedule.pause_max_s)
        return SlowLockout(wrong, now_s, now_s + max(pause_s, 0.0))


@dataclass(frozen=True, slots=True)
class BurstLockout:
    """Remembered wrong guesses, and the end of the pause."""

    wrong: int = 0
    last_s: float = NEVER
    paused_until_s: float = NEVER

    def paused(self, now_s: float) -> bool:
        return now_s < self.paused_until_s

    def after_wrong(self, schedule: BurstLimit, now_s: float) -> "BurstLockout":
        """Add one wrong guess."""
        quiet_since = max(self.last_s, self.paused_until_s)
        before = BurstLockout() if now_s - quiet_since > schedule.forget_s else self
        wrong = before.wrong + 1
        beyond = wrong - schedule.free
        if beyond < 0:
            return replace(before, wrong=wrong, last_s=now_s)
        pause_s = doubled_s(schedule.pause_s, beyond, schedule.pause_max_s)
        return BurstLockout(wrong, now_s, now_s + pause_s)
