"""Watch every release from a separate process: the second guard.

If the gate process hangs or dies during a release, the watchdog locks the relay and kills that process. It leaves a
note, which the gate journals at its next start (`edge.devices.gate.cut_notes`). It never ends a fire: a hold has no
bound. A thread replaces a watchdog that dies or freezes.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from edge.core.config import GateConfig
from edge.core.ports import GateError
from edge.devices.gate import gpiochip, watchdog_process

log = structlog.get_logger()

GRACE_S = 0.5
"""At the bound the relay is locked. A gate process that does not confirm within this time counts as hung, and is
killed."""
EARLY_S, EARLY_SHARE = 0.1, 0.1
"""The relay is locked this much before the bound, or by this share of it if that is less."""
PING_EVERY_S, ANSWER_WITHIN_S = 0.5, 3.0
RENEWED_WITHIN_S = 1.0


@dataclass(slots=True)
class _WatchdogChild:
    process: subprocess.Popen[bytes]
    asked_s: float | None = None
    """Monotonic seconds since which an answer is due."""
    last_s: float = float("-inf")
    """Time of the last question."""


class ProcessWatchdog:
    """See `edge.devices.gate.pulse.RelayWatchdog`. `cuts`: the file for its notes; `history`: the mock pins' file,
    if any."""

    def __init__(self, config: GateConfig, cuts: Path, history: Path | None = None) -> None:
        self._config, self._history = config, history
        # -I -S: only the standard library, and no folder that others may write.
        self._program = [sys.executable, "-I", "-S", watchdog_process.__file__, str(os.getpid()), str(cuts)]
        self._changed = threading.Condition()
        self._child: _WatchdogChild | None = None
        self._last = watchdog_process.REST
        self._closed = True
        self._keeper: threading.Thread | None = None
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        weakref.finalize(self, os.close, self._wake)

    @property
    def pid(self) -> int | None:
        """The watchdog's process id; None before `start`."""
        return self._child.process.pid if self._child else None

    def start(self) -> None:
        """Begin to watch. Raises GateError."""
        child = self._spawn()
        with self._changed:
            self._child, self._closed = child, False
        self._keeper = threading.Thread(target=self._keep, name="relay-watchdog-keeper", daemon=True)
        self._keeper.start()

    def expect(self, until_s: float, allowed_s: float) -> None:
        """Expect the end of a release by `until_s` (monotonic). It lasts at most `allowed_s` in all.

        Raises GateError if no watchdog runs or can be started.
        """
        lock_at = until_s - min(EARLY_S, EARLY_SHARE * allowed_s)
        with self._changed:
            self._last = f"{lock_at} {until_s + GRACE_S}".encode()
            if self._say(self._last):
                return
            gone = self._child
            os.eventfd_write(self._wake, 1)  # the keeper replaces it, and repeats the last message to the new one
            if self._closed or not self._changed.wait_for(lambda: self._child is not gone, RENEWED_WITHIN_S):
                self._last = watchdog_process.REST
                raise GateError("the second pulse guard does not run: the relay stays locked; restart sitegate gate")

    def rest(self) -> None:
        self._tell(watchdog_process.REST)

    def hold(self) -> None:
        self._tell(watchdog_process.HOLD)

    def close(self) -> None:
        """Stop watching: the relay is locked and stays so. May be called twice."""
        with self._changed:
            self._tell(watchdog_process.REST)
            self._closed = True
            child, keeper = self._child, self._keeper
            self._changed.notify_all()
        os.eventfd_write(self._wake, 1)
        if keeper is not None:
            keeper.join(timeout=2)
        if child is not None:
            _end(child)

    def _tell(self, line: bytes) -> None:
        with self._changed:
            self._last = line
            self._say(line)

    def _say(self, line: bytes) -> bool:
        child = self._child
        if child is None or child.process.stdin is None:
            return False
        try:
            return os.write(child.process.stdin.fileno(), line + b"\n") == len(line) + 1
        except (OSError, ValueError):  # the process is gone or blocked, or the pipe is closed
            return False

    def _spawn(self) -> _WatchdogChild:
        relays, lines = self._relays()
        # Use a separate session: Ctrl-C and a stop of the gate must not reach it first.
        try:
            process = subprocess.Popen(
                [*self._program, json.dumps(relays)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                pass_fds=lines,
            )
        except OSError as error:
            raise GateError(f"the second pulse guard cannot be started ({error}): the relay stays locked") from error
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), False)  # a frozen watchdog must not freeze the gate
        return _WatchdogChild(process)

    def _relays(self) -> tuple[dict[str, object], list[int]]:
        """Return what it needs to lock, and the handles of lines that it shares with this process."""
        config = self._config
        pins = [pin for pin in (config.relay_pin, config.relay_out_pin) if pin is not None]
        told: dict[str, object] = {"levels": {pin: int(not config.relay_active_high) for pin in pins}}
        if config.pins == "mock":
            return told | {"history": str(self._history or ""), "chip": "", "lines": {}}, []
        chip, lines = gpiochip.header(gpiochip.chips()), gpiochip.line_handles(pins)
        return told | {"history": "", "chip": str(chip.path) if chip else "", "lines": lines}, list(lines.values())

    def _keep(self) -> None:
        """Replace a watchdog that died or does not answer."""
        while True:
            with self._changed:
                if self._closed:
                    return
                child = self._child
                alive = child is not None and self._alive(child)
            if not alive:
                self._replace(child)
            elif child is not None and child.process.stdout is not None:
                # its end closes its output, which ends the wait at once
                select.select([child.process.stdout.fileno(), self._wake], [], [], PING_EVERY_S)
                with suppress(BlockingIOError):
                    os.eventfd_read(self._wake)

    def _alive(self, child: _WatchdogChild) -> bool:
        """Ask the watchdog, and check that it answers in time."""
        process, now = child.process, time.monotonic()
        assert process.stdout is not None
        while select.select([process.stdout], [], [], 0)[0]:
            if not process.stdout.read(4096):
                return False
            child.asked_s = None
        if child.asked_s is not None:
            return now - child.asked_s < ANSWER_WITHIN_S
        if now - child.last_s >= PING_EVERY_S:
            child.asked_s = child.last_s = now
            return self._say(watchdog_process.PING)
        return True

    def _replace(self, child: _WatchdogChild | None) -> None:
        log.warning("relay_watchdog_restarted")
        if child is not None:
            child.process.kill()
            _end(child)
        try:
            new = self._spawn()
        except GateError as error:
            log.error("relay_watchdog_not_restarted", error=str(error))
            with self._changed:
                self._changed.wait_for(lambda: self._closed, PING_EVERY_S)
            return
        with self._changed:
            self._child = new
            self._say(self._last)
            self._changed.notify_all()
            closed = self._closed
        if closed:
            _end(new)


def _end(child: _WatchdogChild) -> None:
    """Close its input, which ends it. Kill it if that fails."""
    process = child.process
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(timeout=2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
