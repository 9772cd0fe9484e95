"""The warden itself: the standard library alone, one loop, no thread. Run by `edge.gate.warden`, never imported for use.

    python -I -S warden_process.py PID NOTES LOCK-COMMAND...

Standard input says, a line each: a monotonic time by which the relay must be locked, REST (it is locked) or HOLD (held
open for fire, no bound). The end of the input means that the gate process is gone.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

REST = "rest\n"
HOLD = "hold\n"


def watch(pid: int, notes: str, lock: list[str]) -> None:
    until: float | None = None
    half = b""
    while True:
        wait = None if until is None else max(0.0, until - time.monotonic())
        if not select.select([0], [], [], wait)[0]:
            note(notes, f"process {pid} hung during a release: it was killed and the relay locked")
            kill(pid)
            run(lock)
            return
        data = os.read(0, 4096)
        if not data:
            if until is not None:
                note(notes, f"process {pid} died during a release: the relay was locked")
                run(lock)
            return
        *lines, half = (half + data).split(b"\n")
        for line in lines:
            said = line.decode() + "\n"
            until = None if said in (REST, HOLD) else float(said)


def kill(pid: int) -> None:
    """SIGKILL also ends a stopped process; its pins are free once the pipe from it has closed."""
    if os.getppid() == pid:  # otherwise it is gone already, and the number may be somebody else's
        os.kill(pid, signal.SIGKILL)
    while os.read(0, 4096):
        pass


def note(path: str, text: str) -> None:
    line = json.dumps({"ref": f"pulse-cut:{os.getpid()}-{time.time_ns()}", "text": text}) + "\n"
    try:
        with Path(path).open("a") as file:
            file.write(line)
    except OSError as error:  # a full disk must not keep the relay energised
        sys.stderr.write(f"warden: {path}: {error}\n")


def run(lock: list[str]) -> None:
    try:
        done = subprocess.run(lock, stdin=subprocess.DEVNULL, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"warden: cannot lock: {error}\n")
    else:
        if done.returncode:  # busy: the next gate process already has the pins, and starts locked
            sys.stderr.write(f"warden: lock ended with {done.returncode}\n")


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when the gate's end of the pipe closes
    watch(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
