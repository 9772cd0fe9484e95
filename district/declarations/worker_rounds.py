"""What declarations add to the worker."""

from district.declarations.gates import tell_changes
from district.exchange.rounds import every

ROUNDS = (every(20, tell_changes),)
