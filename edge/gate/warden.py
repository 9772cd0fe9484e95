"""The second guard of a release: a process of its own, told of every release before it begins.

If the gate process hangs or dies while the relay is energised, the warden kills what is left of it, which frees the
pins (lgpio's lines belong to one process alone), and then drives the relay to locked with `python -m edge.gate`. What it
did it leaves in a file, which the gate journals at its next start. Fire is never cut: a hold has no end to watch.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import structlog

from edge.config import GateConfig
from edge.gate import warden_process
from edge.ports import GateError

log = structlog.get_logger()

GRACE_S = 0.5
"""The bound may be overrun by this much before the warden acts: a busy machine is not a hung one."""


class Warden:
    """See `edge.gate.pulse.Watcher`. `cuts`: the file it leaves notes in; `history`: of the mock pins, if wanted."""

    def __init__(self, config: GateConfig, cuts: Path, history: Path | None = None) -> None:
        lock = [sys.executable, "-m", "edge.gate", config.model_dump_json(), str(history or "")]
        # -I -S: nothing but the standard library is loaded until there is something to lock.
        program = [sys.executable, "-I", "-S", warden_process.__file__, str(os.getpid()), str(cuts), *lock]
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id; None before `start`."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Begin to watch. Raises GateError."""
        # A session of its own: Ctrl-C and a stop of the gate must not reach it first.
        try:
            self._process = subprocess.Popen(self._program, stdin=subprocess.PIPE, bufsize=0, start_new_session=True)
        except OSError as error:
            raise GateError(f"the second pulse guard cannot be started ({error}): the relay stays locked") from error

    def expect(self, until_s: float) -> None:
        """A release that ends by this monotonic time begins. Raises GateError if no warden can be had."""
        line = f"{until_s + GRACE_S}\n"
        if not self._say(line):
            log.warning("warden_restarted")
            self.close()
            self.start()
            if not self._say(line):
                raise GateError("the second pulse guard does not run: the relay stays locked; restart sitegate gate")

    def rest(self) -> None:
        self._say(warden_process.REST)

    def hold(self) -> None:
        self._say(warden_process.HOLD)

    def close(self) -> None:
        """The relay is locked and stays so. May be called twice."""
        self._say(warden_process.REST)
        process = self._process
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _say(self, line: str) -> bool:
        if self._process is None or self._process.stdin is None:
            return False
        try:
            self._process.stdin.write(line.encode())
        except (OSError, ValueError):  # it is gone, or we closed it
            return False
        return True


def take_cuts(cuts: Path, journal: Callable[[str, str], None]) -> None:
    """Hand each note of the warden to `journal` as (ref that is unique for ever, text), then forget them."""
    try:
        lines = cuts.read_text().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            note = json.loads(line)
            ref, text = str(note["ref"]), str(note["text"])
        except (ValueError, KeyError, TypeError):  # half a line: the power went
            continue
        journal(ref, text)
    cuts.unlink()
