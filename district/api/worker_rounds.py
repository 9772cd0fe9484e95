"""What the worker does for other programs."""

from district.api.deliveries import deliver
from district.exchange.rounds import Round

ROUNDS: tuple[Round, ...] = (deliver,)
