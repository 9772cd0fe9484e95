"""Starts, stops and watches one process's loop, or all three processes on a machine without systemd.

Shutdown is latched: once asked for, it happens once, runs every step, and nothing starts again.
"""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sdnotify
import structlog

from common.backoff import Backoff
from common.processes import Processes, on_ending

log = structlog.get_logger()

RESTART_MIN_S = 0.2
RESTART_MAX_S = 5.0
STEADY_S = 5.0
"""After this time a process counts as steady: its back-off starts again."""
STOP_TIMEOUT_S = 8.0


class Shutdown:
    """A latch that SIGTERM, SIGINT and SIGHUP set. A child of `sitegate run` gets SIGTERM when that process dies."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    def catch_signals(self) -> None:
        """Let signals set the latch. Call it from the main thread."""
        on_ending(self._on_signal)

    def ask(self) -> None:
        self._asked.set()

    @property
    def asked(self) -> bool:
        return self._asked.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep until the time is over or a stop is requested. Return True if it is."""
        self._asked.wait(seconds)
        return self.asked

    def _on_signal(self, number: int) -> None:
        self._asked.set()
        log.info("stopping", signal=signal.Signals(number).name)


class Watchdog:
    """Sends systemd's notifications. Does nothing if systemd did not ask for them."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()

    def ready(self) -> None:
        self._notifier.notify("READY=1")

    def ping(self) -> None:
        """Report a healthy step. systemd restarts a silent or failing loop."""
        self._notifier.notify("WATCHDOG=1")

    def stopping(self) -> None:
        """Report the end, and close the socket."""
        self._notifier.notify("STOPPING=1")
        if self._notifier.socket is not None:
            self._notifier.socket.close()


def run_steps(step: Callable[[], bool], shutdown: Shutdown, watchdog: Watchdog) -> None:
    """Call `step` until shutdown. Feed the watchdog after healthy steps, at most four times a second."""
    watchdog.ready()
    fed = 0.0
    while not shutdown.asked:
        healthy = step()
        now = time.monotonic()
        if healthy and now - fed >= 0.25:
            watchdog.ping()
            fed = now
    watchdog.stopping()


@dataclass(slots=True)
class _Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    backoff: Backoff = field(default_factory=lambda: Backoff(RESTART_MIN_S, RESTART_MAX_S))
    start_at: float = 0.0
    restarts: int = field(default=0)


class Supervisor:
    """Starts processes in order, restarts the dead with back-off, stops them in reverse order."""

    def __init__(self, commands: Sequence[tuple[str, Sequence[str]]]) -> None:
        self._children = [_Child(name, command) for name, command in commands]
        self._processes = Processes()

    def run(self, shutdown: Shutdown) -> None:
        """Work until shutdown is requested."""
        try:
            while not shutdown.asked:
                for child in self._children:
                    self._keep_up(child)
                shutdown.wait(0.05)
        finally:
            self._stop()

    def pids(self) -> dict[str, int]:
        """Return the process ids of the running processes."""
        return {c.name: c.process.pid for c in self._children if c.process and c.process.poll() is None}

    def _keep_up(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_at:
                child.process = self._processes.start(child.name, child.command, within_s=STOP_TIMEOUT_S)
                child.started_at = now
        elif (code := child.process.poll()) is not None:
            if now - child.started_at >= STEADY_S:
                child.backoff.reset()
            pause_s = child.backoff.next_s()
            child.process, child.start_at = None, now + pause_s
            child.restarts += 1
            log.warning("process_died", process=child.name, code=code, restart_in_s=pause_s)

    def _stop(self) -> None:
        for child in reversed(self._children):
            killed = self._processes.stop(child.name)
            if killed:
                log.error("process_killed", process=child.name)
