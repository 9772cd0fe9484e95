"""The worker: one loop that hands over the outbox, reads HQ's feed, and runs queued tasks."""

import time

PAUSE_S = 0.5
"""Between two rounds without work: half a second of the five that a change may take to the gates."""


def work() -> None:
    """Work until a signal ends the process."""
    while True:
        time.sleep(PAUSE_S)
