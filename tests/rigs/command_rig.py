"""A command under test with all the processes that it starts.

They are found by a mark in the environment. All of them inherit the mark, also orphans.
"""

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import psutil

MARK = "SITEGATE_TEST_MARK"
START_S = GONE_S = 150.0


class Command:
    """A command under test, and all that it starts. `terminal`: it runs on one of its own, which `hang_up` closes."""

    def __init__(self, folder: Path, words: tuple[str, ...], terminal: bool = False) -> None:
        self.folder, self._mark = folder, uuid4().hex
        self._temporary = Path(tempfile.mkdtemp(prefix="endings-"))
        self._temporary.chmod(0o755)  # PostgreSQL runs as another user there
        (folder / "said").touch()
        self._over = threading.Event()
        self.terminal, self._reader = -1, threading.Thread(target=self._read)
        # A test that itself runs in a shell's background ignores the two, and its children would inherit that.
        words = ("env", "--default-signal=INT,HUP", *words)
        if terminal:
            self.terminal, standard = pty.openpty()
            words = ("setsid", "--ctty", *words)
        else:
            standard = os.open(folder / "said", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        environment = os.environ | {MARK: self._mark, "TMPDIR": str(self._temporary)}
        self.process = subprocess.Popen(
            words,
            cwd=folder,
            env=environment,
            stdin=standard,
            stdout=standard,
            stderr=standard,
            start_new_session=not terminal,
        )
        os.close(standard)
        if terminal:
            self._reader.start()

    def running(self) -> dict[int, str]:
        """Process id and command line of all that it started and that still runs, itself too."""
        found = {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK) == self._mark and process.status() != psutil.STATUS_ZOMBIE:
                    found[process.pid] = " ".join(process.cmdline())
        return found

    def until(self, *patterns: str) -> None:
        """Wait until a process runs for each of these."""

        def there() -> bool:
            assert self.process.poll() is None, self.said()
            lines = list(self.running().values())
            return all(any(re.search(pattern, line) for line in lines) for pattern in patterns)

        until(there, self.said)

    def until_said(self, text: str, within_s: float = START_S) -> None:
        until(lambda: text in self.said() or self.process.poll() is not None, self.said, within_s)
        assert text in self.said(), self.said()

    def ended(self) -> int:
        """Wait for its end; the exit code. Nothing that it started runs, its ports are free, its temporary files are
        gone."""
        code = self.gone()
        assert [path.name for path in (*self._temporary.iterdir(), *self.folder.glob("sitegate-*"))] == []
        return code

    def gone(self) -> int:
        """The same, with any files it left."""
        code = self.process.wait(GONE_S)
        until(lambda: not self.running(), lambda: str(self.running()))
        texts = [file.read_text() for name in ("hq.toml", "gate.toml") for file in self.folder.rglob(name)]
        for port in (int(port) for text in texts for port in re.findall(r"^(?:broker_)?port = (\d+)$", text, re.M)):
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", port)) != 0, f"port {port} is still in use"
        return code

    def said(self) -> str:
        return (self.folder / "said").read_text(errors="replace")

    def hang_up(self) -> None:
        if self._reader.is_alive():
            self._over.set()
            self._reader.join()
            os.close(self.terminal)

    def close(self) -> None:
        self.hang_up()
        for pid in self.running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self._temporary, ignore_errors=True)

    def _read(self) -> None:
        with (self.folder / "said").open("ab", buffering=0) as log:
            while not self._over.is_set():
                if select.select([self.terminal], [], [], 0.05)[0]:
                    with contextlib.suppress(OSError):  # nothing has it open any more
                        log.write(os.read(self.terminal, 4096))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], bool], what: Callable[[], str], within_s: float = START_S) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)
