"""The worker's round: contacts are searched."""

from district.exchange.rounds import Round
from district.tracing.registry import search_next

ROUNDS: tuple[Round, ...] = (search_next,)
