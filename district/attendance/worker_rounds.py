"""What the worker does here again and again."""

from district.attendance.feed_handlers import attach_registered, place_waiting
from district.attendance.projection import close_overdue
from district.exchange.rounds import Round, every

ROUNDS: tuple[Round, ...] = (
    every(20.0, place_waiting),
    every(60.0, attach_registered),
    every(30.0, close_overdue),
)
