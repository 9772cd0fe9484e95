"""What supplies add to the worker."""

from district.exchange.rounds import every
from district.supplies.reminders import remind_some


def remind_sites() -> bool:
    """Remind the sites that have not declared in time."""
    return remind_some()


ROUNDS = (every(300, remind_sites),)
