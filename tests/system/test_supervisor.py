"""Starting, restarting and stopping real processes; the watchdog's messages on a real socket."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from common.processes import PARENT
from edge.system.supervisor import Shutdown, Supervisor, Watchdog, run_steps

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def shutdown() -> Iterator[Shutdown]:
    made = Shutdown()
    yield made
    made.ask()


def running(supervisor: Supervisor, shutdown: Shutdown) -> threading.Thread:
    thread = threading.Thread(target=supervisor.run, args=(shutdown,))
    thread.start()
    return thread


def wait_for(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)


def test_ok__a_killed_process_is_started_again(shutdown: Shutdown) -> None:
    supervisor = Supervisor([("a", SLEEPER), ("b", SLEEPER)])
    thread = running(supervisor, shutdown)
    wait_for(lambda: set(supervisor.pids()) == {"a", "b"})
    before = supervisor.pids()
    os.kill(before["a"], signal.SIGKILL)
    wait_for(lambda: supervisor.pids().get("a") not in (None, before["a"]))
    assert supervisor.pids()["b"] == before["b"]
    shutdown.ask()
    thread.join(10)
    assert not supervisor.pids()


def test_ok__a_process_that_dies_at_once_is_not_restarted_in_a_hurry(shutdown: Shutdown, tmp_path: Path) -> None:
    log = tmp_path / "starts"
    dies = [sys.executable, "-S", "-c", f"open({str(log)!r}, 'a').write('x'); raise SystemExit(3)"]
    thread = running(Supervisor([("dies", dies)]), shutdown)
    time.sleep(2)
    shutdown.ask()
    thread.join(10)
    assert 1 <= len(log.read_text()) <= 5  # 0.2, 0.4, 0.8, 1.6 s between them


def test_ok__stopped_in_reverse_order_and_the_stubborn_is_killed(
    shutdown: Shutdown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.system.supervisor.STOP_TIMEOUT_S", 1.0)
    log = tmp_path / "stops"
    polite = (
        "import signal, sys, time\n"
        f"def stop(*_):\n    open({str(log)!r}, 'a').write(sys.argv[1])\n    sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop)\ntime.sleep(600)\n"
    )
    stubborn = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)\n"
    commands = [(name, [sys.executable, "-c", polite, name]) for name in "12"]
    supervisor = Supervisor([*commands, ("stubborn", [sys.executable, "-c", stubborn])])
    thread = running(supervisor, shutdown)
    wait_for(lambda: len(supervisor.pids()) == 3)
    time.sleep(0.5)  # until they have set their handlers
    shutdown.ask()
    thread.join(20)
    assert log.read_text() == "21"
    assert not supervisor.pids()


def test_ok__children_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    child = (
        "import sys; from common.processes import follow_parent\nfrom edge.system.supervisor import Shutdown\n"
        "follow_parent()\ns = Shutdown()\nwhile not s.wait(0.05): pass"
    )
    parent = (
        "import sys; from edge.system.supervisor import Shutdown, Supervisor\n"
        f"Supervisor([('c', [sys.executable, '-c', {child!r}])]).run(Shutdown())"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    wait_for(lambda: bool(psutil.Process(process.pid).children()))
    orphan = psutil.Process(process.pid).children()[0]
    wait_for(lambda: PARENT in orphan.environ())
    process.kill()
    process.wait()
    wait_for(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)


def test_ok__the_watchdog_is_fed_after_healthy_steps_only(
    shutdown: Shutdown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        systemd.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        healthy = iter([False, False, True])

        def step() -> bool:
            answer = next(healthy, None)
            if answer is None:
                shutdown.ask()
            return bool(answer)

        run_steps(step, shutdown, Watchdog())
        said = [systemd.recv(100) for _ in range(3)]
    assert said == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_ok__shutdown_is_latched(shutdown: Shutdown) -> None:
    assert not shutdown.asked
    shutdown.ask()
    assert shutdown.wait(0)
    assert shutdown.asked
