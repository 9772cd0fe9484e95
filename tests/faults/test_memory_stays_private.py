"""No core dump of any process that holds keys or templates, and nobody but root reads its memory."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from sync_rig import free_port, wait_until

from common.memory import keep_private
from edge.system.host import memory_mb
from hq.keys import keys

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may be several users")
PR_SET_DUMPABLE = 4
USER, OTHER = 64_101, 64_102
"""Two users that exist nowhere."""
GATE_TOML = """
[paths]
state_dir = "state"
models_dir = "{models}"
[keys]
hq_signing_public_path = "office/keys/hq-signing.pub.pem"
hq_sealing_public_path = "office/keys/hq-sealing.pub.pem"
site_private_path = "office/keys/sites/site-1.key.pem"
[gate]
pins = "mock"
[sync]
broker_port = {port}
tls = false
[screen]
port = {screen}
"""
COMMANDS = {
    "gate": ["-m", "edge", "gate", "-c", "gate.toml"],
    "sync": ["-m", "edge", "sync", "-c", "gate.toml"],
    "screen": ["-m", "edge", "screen", "-c", "gate.toml"],
    "hq": ["-c", "from hq.cli import main\nmain()", "run", "--dir", "office"],
}


@pytest.fixture
def place(tmp_path: Path, models_dir: Path) -> Path:
    keys.init(tmp_path / "office", ("site-1",), free_port())
    (tmp_path / "gate.toml").write_text(GATE_TOML.format(models=models_dir, port=free_port(), screen=free_port()))
    return tmp_path


def start(place: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    """A process that may write as large a core dump as it likes, as far as we are concerned."""
    with (place / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=place,
            stdout=log,
            stderr=log,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (-1, -1)),
        )


def private(pid: int) -> bool:
    """The kernel gives the files of such a process to root; as root that does not show, but the limit does."""
    limits = Path(f"/proc/{pid}/limits").read_text()
    (core,) = [line for line in limits.splitlines() if line.startswith("Max core file size")]
    return core.split()[4:6] == ["0", "0"]


@pytest.mark.parametrize("name", COMMANDS)
def test_ok__a_process_that_is_aborted_leaves_no_core_dump(place: Path, name: str) -> None:
    process = start(place, COMMANDS[name])
    try:
        wait_until(lambda: process.poll() is not None or private(process.pid), f"{name} is up")
        assert process.poll() is None, (place / "log").read_text()
        time.sleep(0.5)
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = status
    finally:
        if process.poll() is None:
            process.kill()
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGABRT
    assert not os.WCOREDUMP(status)
    assert not [path for path in place.rglob("core*") if path.is_file()]


def as_user(user: int, what: Callable[[], object]) -> int:
    """The exit code of a child that does this as another user; 7 if it is not permitted. The interpreter is loaded: it
    may lie where that user reads nothing."""
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            what()
            os._exit(0)
        except PermissionError:
            os._exit(7)
        except BaseException:  # noqa: BLE001 - shown by the code
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def waiting(prepare: Callable[[], object]) -> tuple[int, int]:
    """A process of USER that has done this, and then waits until the returned pipe is closed."""
    up, told = os.pipe()
    stay, end = os.pipe()
    child = os.fork()
    if not child:
        os.close(end)
        os.setgroups([])
        os.setgid(USER)
        os.setuid(USER)
        prctl = ctypes.CDLL(None).prctl
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as after the start of a program; a change of users takes it away
        prepare()
        os.write(told, b"x")
        os.read(stay, 1)
        os._exit(0)
    for handle in (told, stay):
        os.close(handle)
    assert os.read(up, 1) == b"x"
    os.close(up)
    return child, end


@as_root
def test_fail__nobody_else_reads_the_memory_not_even_a_process_of_the_same_user() -> None:
    found = {}
    for name, prepare in (("plain", lambda: None), ("private", keep_private)):
        pid, end = waiting(prepare)
        for who, user in (("same", USER), ("other", OTHER)):
            found[name, who] = as_user(user, lambda pid=pid: Path(f"/proc/{pid}/mem").open("rb").close())
        os.close(end)
        os.waitpid(pid, 0)
    assert found == {("plain", "same"): 0, ("plain", "other"): 7, ("private", "same"): 7, ("private", "other"): 7}


@as_root
def test_ok__a_private_process_still_reads_of_itself_what_it_needs() -> None:
    def look() -> None:
        keep_private()
        assert memory_mb() > 1 and psutil.Process().memory_info().rss > 0
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
            file.flush()
            assert Path(f"/proc/self/fd/{file.fileno()}").read_bytes() == b"x"  # how weights are handed on
        for name in ("self/stat", "self/maps", "self/status", "locks"):
            Path("/proc", name).read_text()

    assert as_user(USER, look) == 0
