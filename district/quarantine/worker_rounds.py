"""What quarantine adds to the worker."""

from district.exchange.rounds import every
from district.quarantine.registry import tell_gates, warn_of_overdue

ROUNDS = (every(60, tell_gates), every(60, warn_of_overdue))
