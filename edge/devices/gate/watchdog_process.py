"""The second guard's program: the standard library alone, one loop, no thread. `edge.devices.gate.watchdog` runs it.

    python -I -S watchdog_process.py PID NOTES RELAYS

Everything that locks is opened and loaded at the start. In an emergency it reads no disk and starts no program. It
locks first, then ends the gate process, and writes its note last.

Standard input, one message per line:

- two monotonic times: the relay must be locked by the first, and the gate process must confirm by the second,
- REST: the relay is locked,
- HOLD: held open for fire, without a bound,
- PING: answered with a dot on standard output.

The end of the input means that the gate process has ended.

RELAYS is JSON. `levels`: locked level by pin. `history`: the mock pins' file. `chip`: the device of real pins.
`lines`: inherited handles of the gate process's lines by pin, if the kernel lists them.
"""

import ctypes
import errno
import json
import os
import select
import signal
import stat
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

REST, HOLD, PING = b"rest", b"hold", b"ping"
NOTES_MAX_BYTES = 65_536
GONE_WITHIN_S = 30.0
"""A process that hangs in the kernel on a dead card ends only when the card answers."""
TAKE_WITHIN_S = 10.0


class Relays:
    """Drives the relays to locked, with files that are open already."""

    def __init__(self, told: dict[str, Any], gpiochip: Any) -> None:
        self._gpiochip = gpiochip
        self._levels = {int(pin): int(level) for pin, level in told["levels"].items()}
        self._lines = {int(pin): int(handle) for pin, handle in told["lines"].items()}
        self._history = _open(told["history"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._chip = _open(told["chip"], os.O_RDWR)
        self._held: int | None = None

    def lock(self) -> None:
        """Lock at once, as far as possible beside a living gate process."""
        for pin, handle in self._lines.items():
            try:
                self._gpiochip.set_level(handle, self._levels[pin])
            except OSError as error:
                complain(f"pin {pin}: {error}")
        self._record("output")

    def take(self) -> bool:
        """Drive the lines of an ended gate process. Return False if another process holds them: then another gate
        locks."""
        self._drop()
        until = time.monotonic() + TAKE_WITHIN_S
        while self._chip is not None and self._held is None:
            try:
                self._held = self._gpiochip.drive(self._chip, self._levels)
            except OSError as error:
                if error.errno != errno.EBUSY or time.monotonic() >= until:
                    complain(f"the relay cannot be taken: {error}")
                    return False
                time.sleep(0.01)
        return True

    def close_all(self) -> None:
        """Leave the lines to the next gate process."""
        self._drop()
        if self._held is not None:
            os.close(self._held)
        self._record("input")

    def _drop(self) -> None:
        while self._lines:
            os.close(self._lines.popitem()[1])

    def _record(self, function: str) -> None:
        """Write the history of mock pins, as `edge.devices.gate.pins` does."""
        if self._history is None:
            return
        for pin, level in self._levels.items():
            line = {"monotonic_s": time.monotonic(), "pid": os.getpid(), "pin": f"GPIO{pin}", "function": function}
            try:
                os.write(self._history, (json.dumps({**line, "level": level}) + "\n").encode())
            except OSError as error:
                complain(f"history: {error}")


def watch(pid: int, notes: str, relays: Relays) -> None:
    """Watch until the gate process ends, by itself or by a kill."""
    lock_at: float | None = None
    kill_at: float | None = None
    half = b""
    while True:
        now = time.monotonic()
        if lock_at is not None and now >= lock_at:
            lock_at = None
            relays.lock()
        if kill_at is not None and now >= kill_at:
            relays.lock()
            kill(pid)
            relays.take()
            relays.close_all()
            note(notes, f"process {pid} hung during a release: the relay was locked and the process killed")
            return
        due = min((at for at in (lock_at, kill_at) if at is not None), default=None)
        if not select.select([0], [], [], None if due is None else max(0.0, due - now))[0]:
            continue
        data = os.read(0, 4096)
        if not data:
            if kill_at is not None:
                relays.lock()
                relays.take()
                relays.close_all()
                note(notes, f"process {pid} died during a release: the relay was locked")
            return
        *lines, half = (half + data).split(b"\n")
        for line in lines:
            if line == PING:
                answer()
            elif line in (REST, HOLD):
                lock_at = kill_at = None
            else:
                lock_at, kill_at = (float(word) for word in line.split())


def answer() -> None:
    """Answer a ping. The pipe does not block: a gate process that does not read must not stop this one."""
    with suppress(OSError):
        os.write(1, b".")


def kill(pid: int) -> None:
    """Kill the gate process, stopped or not. Wait until its end of the pipe closes: then its lines are free."""
    if os.getppid() == pid:  # otherwise it has ended, and the number may belong to another process
        os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + GONE_WITHIN_S
    while select.select([0], [], [], max(0.0, until - time.monotonic()))[0]:
        if not os.read(0, 4096):
            return
    complain(f"process {pid} does not end")


def note(path: str, text: str) -> None:
    """Leave a line for the next gate process. Write only a plain file of this user, and wait for no reader."""
    line = json.dumps({"at_ns": time.time_ns(), "pid": os.getpid(), "text": text}) + "\n"
    handle = _open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    if handle is None:
        return
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size > NOTES_MAX_BYTES:
            complain(f"{path} is not the file of notes: left alone")
        else:
            os.write(handle, line.encode())
    except OSError as error:  # a full disk
        complain(f"{path}: {error}")
    finally:
        os.close(handle)


def complain(text: str) -> None:
    """Report a problem to the gate process's log, if its pipe accepts it."""
    with suppress(OSError):
        if select.select([], [2], [], 0)[1]:
            os.write(2, f"watchdog: {text}\n".encode())


def stay_in_memory() -> None:
    """Lock this program in memory, against a hanging card. Without LimitMEMLOCK the kernel decides."""
    try:
        ctypes.CDLL(None).mlockall(1)
    except (OSError, AttributeError) as error:
        complain(f"not locked in memory: {error}")


def _open(path: str, flags: int) -> int | None:
    """Open a file without waiting. Return None for no path, or if that fails."""
    if not path:
        return None
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o640)
    except OSError as error:
        complain(f"{path}: {error}")
        return None


def main() -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # it ends when the gate's end of the pipe closes
    os.set_blocking(1, False)
    sys.path.append(str(Path(__file__).resolve().parent))
    gpiochip = __import__("gpiochip")  # beside this file; the package itself needs libraries
    relays = Relays(json.loads(sys.argv[3]), gpiochip)
    stay_in_memory()
    watch(int(sys.argv[1]), sys.argv[2], relays)


if __name__ == "__main__":
    main()
