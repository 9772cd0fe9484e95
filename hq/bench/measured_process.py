"""A process of a measurement, with a pipe to it."""

import multiprocessing
import resource
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hq.bench.servers import ServerError


class MeasuredProcess:
    """A process of the measurement, with a pipe."""

    def __init__(self, work: Callable[..., None], *job: Any) -> None:
        fresh = multiprocessing.get_context("spawn")
        self.pipe, theirs = fresh.Pipe()
        self._process = fresh.Process(target=work, args=(theirs, *job), daemon=True)
        self._process.start()
        theirs.close()

    def receive(self, seconds: float) -> Any:
        """Return what the process sends within this time. Raises ServerError."""
        try:
            if self.pipe.poll(seconds):
                return self.pipe.recv()
        except EOFError as error:
            raise ServerError("a process of the measurement ended by itself; its error is above") from error
        raise ServerError(f"nothing came within {seconds:.0f} s")

    def end(self) -> None:
        """Let it end. What it sends last stays readable."""
        with suppress(OSError):
            self.pipe.send(None)

    def close(self) -> None:
        """End it by force if it does not end by itself."""
        self._process.join(10)
        self._process.kill()


def allow_connections(wanted: int) -> None:
    """Let this process and those that it starts hold so many connections. Raises ServerError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise ServerError(
            f"this user may open {hard} files, {wanted} are needed: raise ulimit -n, or measure fewer gates"
        )
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
