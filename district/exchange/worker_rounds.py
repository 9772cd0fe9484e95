"""The exchange's part of the worker."""

from district.exchange.days import follow_days
from district.exchange.failed import retry_due
from district.exchange.feed import read_feed
from district.exchange.gates import note_gates
from district.exchange.hand_over import hand_over
from district.exchange.queued import run_task
from district.exchange.rounds import Round, every

ROUNDS: tuple[Round, ...] = (
    hand_over,
    read_feed,
    every(20.0, follow_days),
    every(15.0, note_gates),
    every(5.0, retry_due),
    run_task,
)
