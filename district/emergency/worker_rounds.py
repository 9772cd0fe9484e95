"""What measures add to the worker."""

from district.emergency.erasing import erase_some
from district.exchange.rounds import every

ROUNDS = (every(30, erase_some),)
