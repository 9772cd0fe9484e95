"""Start processes, and end every one of them: after the work, at a signal, and when this process is killed.

- `ended_by_signals()` stands around a whole program. SIGTERM, SIGHUP and SIGINT unwind it: each `with` and `finally`
  runs.
- `Processes` starts child processes. Leaving it asks each to stop, and kills those that do not.
- `follow_parent()` stands at the start of a program. It gets SIGTERM when the process that started it dies, also by
  SIGKILL.

A parent's death is noticed by the kernel (PR_SET_PDEATHSIG). That counts the thread that started the child, not its
process. So only children of the main thread follow: another thread may end before the child should.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
"""Ask a program to end. SIGHUP comes from a terminal that closes."""
PARENT = "SITEGATE_PARENT_PID"
"""Environment variable: the process that a child of `Processes` follows."""
STOP_S = 10.0
"""Time a child has to stop by itself."""
STOP_MAX_S = 40.0
"""Bound for a child that stops children of its own."""
HURRY_S = 3.0
"""What is left of that time after another signal."""
END_S = 60
"""Bound for all that a program does after a signal. Then the kernel ends it."""
_POLL_S = 0.02
_PR_SET_PDEATHSIG = 1


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """End the program inside at SIGTERM, SIGHUP or SIGINT, with exit code 128 + signal. Only from the main thread.

    A signal that was ignored before stays ignored (nohup). Commands that end in order by themselves replace the
    handlers. Later signals do not interrupt the ending; `Processes` hurries then.
    """
    ended = 0

    def unwind(number: int, _: FrameType | None) -> None:
        nonlocal ended
        if ended:
            return
        ended = number
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(END_S)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, unwind)
    try:
        follow_parent()
        yield
    except BaseException:
        if not ended:
            raise
        # Also where the terminal is gone and the last words failed, or where a library made an error of its own of it.
        raise SystemExit(128 + ended) from None
    finally:
        if ended:
            _drop_unwritten()


def on_ending(handler: Callable[[int], object]) -> None:
    """Call `handler` with the signal's number at SIGTERM, SIGINT and SIGHUP. Only from the main thread.

    It is for a program that ends in order by itself. With nohup SIGHUP stays ignored. The handler runs in a thread of
    its own. In the main thread it could wait for a lock that the interrupted code holds, for example an event's.
    """
    arrived, note = os.pipe()

    def pass_on() -> None:
        while number := os.read(arrived, 1):
            handler(number[0])

    threading.Thread(target=pass_on, name="signals", daemon=True).start()
    for number in ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda late, _: os.write(note, bytes([late])))


def follow_parent() -> None:
    """Get SIGTERM when the process dies that started this one by `Processes`."""
    if parent := os.environ.pop(PARENT, ""):  # not for this one's own children
        follow(int(parent))


def follow(parent: int, number: int = signal.SIGTERM) -> None:
    """Get signal `number` when the process `parent`, which started this one, dies; at once if it is gone already."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:  # Linux alone has it
        prctl(ctypes.c_int(_PR_SET_PDEATHSIG), *(ctypes.c_ulong(value) for value in (number, 0, 0, 0)))
    if os.getppid() != parent:
        os.kill(os.getpid(), number)


class Processes:
    """The child processes of a command, by name. Leaving the context stops all of them, the newest first.

    Each has a session of its own: a key press on the terminal reaches this process only, which stops them in order.
    """

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._within_s: dict[str, float] = {}

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getitem__(self, name: str) -> subprocess.Popen[bytes]:
        return self._running[name]

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        foreign: bool = False,
        within_s: float = STOP_S,
        env: Mapping[str, str] | None = None,
        **options: Any,
    ) -> subprocess.Popen[bytes]:
        """Start a program; it takes the place of an ended one of the same name.

        `foreign`: it does not call `follow_parent` itself. `within_s`: its time to stop. `options`: as for
        `subprocess.Popen`. Raises OSError.
        """
        environment = dict(os.environ if env is None else env)
        if threading.current_thread() is threading.main_thread():
            if foreign:
                command = _followed(command)
            else:
                environment[PARENT] = str(os.getpid())
        with _signals_held():  # a signal between the start and the note of it would leave an orphan
            process = subprocess.Popen(
                command, env=environment, start_new_session=True, **{"stdin": subprocess.DEVNULL, **options}
            )
            self._running.pop(name, None)
            self._running[name], self._within_s[name] = process, within_s
        return process

    def run(self, command: Sequence[str], timeout_s: float | None = None, **options: Any) -> tuple[int, str, str]:
        """Run a program to its end: exit code, what it printed, and its errors. Raises OSError,
        subprocess.TimeoutExpired."""
        return self.result(self.start_piped(" ".join(command), command, **options), timeout_s)

    def start_piped(self, name: str, command: Sequence[str], **options: Any) -> str:
        """Start a program whose output `result` returns; the name."""
        self.start(name, command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        return name

    def result(self, name: str, timeout_s: float | None = None) -> tuple[int, str, str]:
        """Wait for a program of `start_piped`: exit code, what it printed, and its errors."""
        try:
            out, err = self._running[name].communicate(timeout=timeout_s)
            return self._running[name].returncode, out.decode(errors="replace"), err.decode(errors="replace")
        finally:
            self.stop(name)

    def stop(self, *names: str) -> list[str]:
        """Ask these to stop, all at once, and wait. What does not stop in time is killed, and its group with it; the
        names."""
        return self._stop(names, STOP_MAX_S)

    def _stop(self, names: Sequence[str], at_most_s: float) -> list[str]:
        with _signals_held() as arrived:
            within_s = min(
                at_most_s, max((self._within_s[name] for name in names if name in self._running), default=0.0)
            )
            found = {name: self._running[name] for name in names if name in self._running}
            for process in found.values():
                _send(process, signal.SIGTERM)
            _wait(found.values(), within_s, arrived)
            killed = [name for name, process in found.items() if process.poll() is None]
            for name, process in found.items():
                if name in killed:
                    _kill(process)
                for pipe in (process.stdin, process.stdout, process.stderr):
                    if pipe is not None:
                        pipe.close()
                self._running.pop(name, None)
        return killed

    def close(self) -> None:
        """Stop all of them, one after the other; may be called twice."""
        with _signals_held() as arrived:
            for name in reversed(list(self._running)):
                self._stop([name], HURRY_S if arrived else STOP_MAX_S)


@contextmanager
def worker_pool(workers: int, initializer: Any, arguments: tuple[Any, ...]) -> Iterator["ProcessPoolExecutor"]:
    """Processes that share the work. An error or a signal here ends them at once, in the middle of what they do."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
    pool = ProcessPoolExecutor(workers, context, _begin_worker, (initializer, arguments))
    try:
        yield pool
    except BaseException:
        for process in multiprocessing.active_children():
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def follow_pool() -> None:
    """For a process of `multiprocessing`: end with the process that started it, and leave Ctrl-C to that one."""
    import multiprocessing

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        follow(parent.pid, signal.SIGKILL)


def _begin_worker(initializer: Any, arguments: tuple[Any, ...]) -> None:
    follow_pool()
    initializer(*arguments)


def _followed(command: Sequence[str]) -> list[str]:
    """`command`, with the kernel told to end it with us. Where setpriv (util-linux) is missing, it is left as it is."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--", *command] if setpriv else list(command)


@contextmanager
def _signals_held() -> Iterator[list[int]]:
    """Let signals take effect at the end only; those that arrived so far."""
    arrived: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield arrived  # signals interrupt the main thread alone
        return
    before = {number: signal.getsignal(number) for number in ENDING}
    held = {number: handler for number, handler in before.items() if handler not in (None, signal.SIG_IGN)}
    try:
        for number in held:
            signal.signal(number, lambda late, _: arrived.append(late))
        yield arrived
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        for late in arrived:
            signal.raise_signal(late)


def _wait(processes: Collection[subprocess.Popen[bytes]], within_s: float, arrived: Sequence[int]) -> None:
    """Wait until all have ended, at most so long. Another signal meanwhile is passed on, and shortens the time."""
    seen, until = len(arrived), time.monotonic() + within_s
    while any(process.poll() is None for process in processes) and time.monotonic() < until:
        if len(arrived) > seen:
            seen, until = len(arrived), min(until, time.monotonic() + HURRY_S)
            for process in processes:
                _send(process, signal.SIGTERM)
        time.sleep(_POLL_S)


def _send(process: subprocess.Popen[bytes], number: int) -> None:
    if process.poll() is None:
        process.send_signal(number)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and those that it started in its own group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()
    process.wait()


def _drop_unwritten() -> None:
    """Let an exit code stand although the terminal or the reader of our output is gone."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
