"""What the worker does for other programs."""

from district.api.deliveries import deliver
from district.api.watch import tell_of_gates, tell_of_papers
from district.exchange.rounds import Round, every

ROUNDS: tuple[Round, ...] = (deliver, every(60, tell_of_gates), every(600, tell_of_papers))
