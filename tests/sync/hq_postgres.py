"""A real PostgreSQL server of the tests' own, in a folder of theirs, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path


class Postgres:
    """One server on a free port of this machine. It refuses to run as root, so root starts it as "nobody"."""

    def __init__(self) -> None:
        self._bin = _binaries()
        self._folder = Path(tempfile.mkdtemp(prefix="sitegate-pg-"))
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = "nobody"
            found = pwd.getpwnam(self._user)
            os.chown(self._folder, found.pw_uid, found.pw_gid)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._run("initdb", "-D", self._data, "-U", "hq", "-A", "trust", "-E", "UTF8", "--locale=C")
        self.start()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        """`mode` "immediate" is a crash: nothing is tidied up."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    def database(self, name: str) -> str:
        """A new, empty database; its URL."""
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "hq", name)
        return f"postgresql+psycopg://hq@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        self.stop("immediate")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        # pg_ctl leaves the server behind, which would keep our pipes open: its words go to a file.
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
            assert done.returncode == 0, f"{program}: {said.read()}"


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert found, "PostgreSQL is not installed: apt install postgresql"
    return found[-1].parent
