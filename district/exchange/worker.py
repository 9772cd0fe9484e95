"""The worker: a thread for each round. A slow round holds up no other, and a failing one is tried again."""

import threading
import time

import structlog
from django.db import close_old_connections, connection

from common.backoff import Backoff
from district.exchange.door import close_hq_door
from district.exchange.leases import RENEW_EVERY_S, WorkerProcess
from district.exchange.rounds import Round, registered_rounds
from district.web.away import AGAIN_S, first_line, is_away
from district.wire import HqAway

log = structlog.get_logger()

PAUSE_S = 0.5
"""Between two rounds without work: half a second of the five that a change may take to the gates."""
STANDBY_S = 0.5
"""Between two looks whether a round is free. It grows with the rounds that a worker has, so that workers share them.
"""
AWAY_S = 3.0
"""Longest pause of a round while the database is away: it goes on soon after the database is back."""
STOP_S = 8.0


def work(stop: threading.Event) -> None:
    """Work until `stop` is set. What a round began then, it finishes."""
    me = WorkerProcess()
    threads = [RoundThread(me, name, do, stop) for name, do in registered_rounds()]
    for thread in threads:
        thread.start()
    try:
        while not stop.wait(RENEW_EVERY_S):
            _renew(me)
    finally:
        stop.set()
        until = time.monotonic() + STOP_S
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))
        close_hq_door()
        me.release()


def _renew(me: WorkerProcess) -> None:
    try:
        close_old_connections()
        me.renew()
    except Exception as error:  # noqa: BLE001 - a database that is away for a moment ends no worker
        _away.tell(error)
        connection.close()


class AwayLog:
    """Writes one line for all rounds of this process, from time to time, while the database is away."""

    def __init__(self) -> None:
        self._again_s = 0.0

    def tell(self, error: Exception) -> None:
        """Write the line, unless it was written a moment ago."""
        if time.monotonic() >= self._again_s:
            self._again_s = time.monotonic() + AGAIN_S
            log.error("database_does_not_answer", detail=first_line(error))


_away = AwayLog()


class RoundThread(threading.Thread):
    """Repeats one round while this worker holds its lease."""

    held = 0
    """Rounds of this process that hold their lease."""

    def __init__(self, me: WorkerProcess, name: str, do: Round, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self._me, self._do, self._stop_event = me, do, stop
        self._pauses = Backoff(1.0, 30.0)

    def run(self) -> None:
        """Wait for the lease, then work. A lost lease is waited for again."""
        while not self._stop_event.is_set():
            try:
                close_old_connections()
                if not self._me.take(self.name):
                    self._stop_event.wait(STANDBY_S * (1 + RoundThread.held))
                    continue
                RoundThread.held += 1
                try:
                    self._repeat()
                finally:
                    RoundThread.held -= 1
            except Exception as error:  # noqa: BLE001 - the database may be away
                self._failed(error)
        connection.close()

    def _repeat(self) -> None:
        checked_s = time.monotonic()
        while not self._stop_event.is_set():
            if time.monotonic() - checked_s > RENEW_EVERY_S:  # this process may have been frozen
                if not self._me.take(self.name):
                    return
                checked_s = time.monotonic()
            try:
                close_old_connections()
                more = self._do()
            except Exception as error:  # noqa: BLE001 - a round that fails is tried again, and holds up no other
                self._failed(error)
                continue
            self._pauses.reset()
            if not more:
                self._stop_event.wait(PAUSE_S)

    def _failed(self, error: Exception) -> None:
        pause_s = self._pauses.next_s()
        if is_away(error):
            pause_s = min(pause_s, AWAY_S)
            _away.tell(error)
        else:
            expected = isinstance(error, HqAway)
            log.error("round_failed", round=self.name, detail=str(error), again_in_s=pause_s, exc_info=not expected)
        connection.close()
        close_hq_door()
        self._stop_event.wait(pause_s)
