"""How often somebody may guess wrong: pure, and the same for PINs, cards and passwords. Times are seconds of one clock."""

from dataclasses import dataclass, replace

NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Schedule:
    """`free` wrong guesses cost nothing; the last of them, and each one after, costs a pause: `pause_s`, doubling up to
    `pause_max_s`. `forget_s` after the last guess or pause without another wrong one, everything is forgotten."""

    free: int
    pause_s: float
    pause_max_s: float
    forget_s: float


PER_WORKER = Schedule(free=3, pause_s=60, pause_max_s=3600, forget_s=24 * 3600)
"""PINs of one worker: at most 3 in the first minute, 28 on the first day, 24 a day from then on."""
PER_READER = Schedule(free=10, pause_s=30, pause_max_s=900, forget_s=120)
"""Wrong PINs and unknown cards at one reader, whoever they are for."""
PER_ACCOUNT = Schedule(free=5, pause_s=30, pause_max_s=900, forget_s=3600)
"""Passwords on the screen, of one name from one visitor."""


@dataclass(frozen=True, slots=True)
class Guesses:
    """The wrong guesses that are remembered, and until when no further one is looked at."""

    wrong: int = 0
    last_s: float = NEVER
    paused_until_s: float = NEVER

    def paused(self, now_s: float) -> bool:
        return now_s < self.paused_until_s

    def after_wrong(self, schedule: Schedule, now_s: float) -> "Guesses":
        """One more wrong guess."""
        quiet_since = max(self.last_s, self.paused_until_s)
        before = Guesses() if now_s - quiet_since > schedule.forget_s else self
        wrong = before.wrong + 1
        beyond = wrong - schedule.free
        if beyond < 0:
            return replace(before, wrong=wrong, last_s=now_s)
        pause_s = min(schedule.pause_max_s, schedule.pause_s * 2.0 ** min(beyond, 60))
        return Guesses(wrong, now_s, now_s + pause_s)
