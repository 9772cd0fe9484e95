"""Start a PostgreSQL server and a broker for measurements and tests, in a folder that is removed afterwards."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from common.processes import Processes

START_S = 20.0


class ServerError(RuntimeError):
    """A server that is not installed or does not start. The text says what to do."""


class Postgres:
    """One server on a free port of this machine. It refuses to run as root, so root starts it as "nobody".

    Raises:
        ServerError: it is not installed, or does not work.
    """

    def __init__(self) -> None:
        self._bin = _postgres_binaries()
        self._processes = Processes()
        self._folder = Path(tempfile.mkdtemp(prefix="sitegate-pg-"))
        self._user: str | None = None
        try:
            if os.geteuid() == 0:
                self._user = "nobody"
                found = pwd.getpwnam(self._user)
                os.chown(self._folder, found.pw_uid, found.pw_gid)
            self.port = _free_port()
            self._run("initdb", "-D", self._data, "-U", "hq", "-A", "trust", "-E", "UTF8", "--locale=C")
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    @property
    def pid(self) -> int:
        """Return the process id of the running server."""
        return self._processes["postgres"].pid

    def start(self) -> None:
        command = [str(self._bin / "postgres"), "-D", self._data, "-p", str(self.port)]
        command += ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._folder}"]
        with (self._folder / "log").open("ab") as log:
            server = self._processes.start(
                "postgres", command, foreign=True, user=self._user, cwd="/", stdout=log, stderr=log
            )
        until = time.monotonic() + START_S
        while not self._ready(server.pid):
            if server.poll() is not None or time.monotonic() > until:
                raise ServerError(f"PostgreSQL does not start: {(self._folder / 'log').read_text()[-500:].strip()}")
            time.sleep(0.02)

    def stop(self, mode: str = "fast") -> None:
        """Stop the server. `mode` "immediate" is a crash, without cleaning up."""
        server = self._processes["postgres"]
        server.send_signal(signal.SIGQUIT if mode == "immediate" else signal.SIGINT)
        server.wait(START_S)

    def database(self, name: str) -> str:
        """Make an empty database. Return its URL."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "hq", name)
        return f"postgresql+psycopg://hq@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        with suppress(KeyError, subprocess.TimeoutExpired):  # it never started, or hangs
            self.stop("immediate")
        self._processes.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _ready(self, pid: int) -> bool:
        """Read whether this server is ready, in its own file. A killed one leaves such a file too."""
        with suppress(OSError):
            lines = (self._folder / "data" / "postmaster.pid").read_text().split()
            return lines[:1] == [str(pid)] and lines[-1] == "ready"
        return False

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        code, out, err = self._processes.run(command, 60, foreign=True, user=self._user, cwd="/")
        if code:
            raise ServerError(f"{program} does not work here: {(out + err).strip()}")


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """Run the broker for this machine only. Return its port. Raises ServerError."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        raise ServerError("mosquitto is not installed; run: apt install mosquitto")
    port = _free_port()
    settings = folder / "mosquitto.conf"
    user = "user root\n" if os.geteuid() == 0 else ""
    lines = "allow_anonymous true\npersistence false\nmax_queued_messages 0\n"
    settings.write_text(f"listener {port} 127.0.0.1\n{user}{lines}")
    with Processes() as processes:
        process = processes.start("mosquitto", [program, "-c", str(settings)], foreign=True, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise ServerError(f"mosquitto did not start: try {program} -c FILE by hand")
            time.sleep(0.02)
        yield port


def _postgres_binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise ServerError("PostgreSQL is not installed: apt install postgresql, or give --database-url")
    return found[-1].parent


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True
