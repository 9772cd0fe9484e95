"""Start a PostgreSQL server and a broker for measurements and tests, in a folder that is removed afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
        self._folder = Path(tempfile.mkdtemp(prefix="sitegate-pg-"))
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = "nobody"
            found = pwd.getpwnam(self._user)
            os.chown(self._folder, found.pw_uid, found.pw_gid)
        self.port = _free_port()
        self._run("initdb", "-D", self._data, "-U", "hq", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.start()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server. `mode` "immediate" is a crash, without cleaning up."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    def database(self, name: str) -> str:
        """Make an empty database. Return its URL."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "hq", name)
        return f"postgresql+psycopg://hq@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        # pg_ctl leaves the server running, which would keep our pipes open: its output goes to a file.
        with (self._folder / "said").open("w+") as said:
            done = subprocess.run(
                command,
                user=self._user,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                check=False,
                timeout=60,
            )
            said.seek(0)
            if done.returncode:
                raise ServerError(f"{program} does not work here: {said.read().strip()}")


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
    process = subprocess.Popen([program, "-c", str(settings)], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + START_S
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise ServerError(f"mosquitto did not start: try {program} -c FILE by hand")
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


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
