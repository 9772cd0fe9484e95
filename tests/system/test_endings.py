"""Every command that starts processes ends all of them: at each signal, without its terminal, and when it is killed."""

import contextlib
import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_rig import Command, free_port
from import_rig import workbook

from common.processes import ENDING, Processes
from hq.keys.keys import init

HQ = str(Path(sys.executable).with_name("sitegate-hq"))
EDGE = (sys.executable, "-m", "edge")
ROOT = Path(__file__).parents[2]
STARTERS = {
    "common/processes.py",
    "edge/devices/gate/watchdog.py",
    "edge/devices/indicator/voice.py",
    "edge/storage/isolated_reader.py",
}
"""The watchdog and the reader end when their input does, a spoken sentence by itself."""
SIGNALS = pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)


Start = Callable[..., Command]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as stack:

        def begin(*words: str, terminal: bool = False) -> Command:
            made = Command(tmp_path, words, terminal)
            stack.callback(made.close)
            return made

        yield begin


@pytest.fixture
def house(tmp_path: Path, models_dir: Path, photos_dir: Path) -> Path:
    """HQ's folder, the configuration of a gate beside it, and photos of people."""
    for name, kind in (("person-a-1.jpg", "people/a"), ("person-b-1.jpg", "people/b"), ("person-c-1.png", "strangers")):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for n in range(30):
            shutil.copy(photos_dir / name, tmp_path / "photos" / kind / f"{n}-{name}")
    broker_port, screen_port = free_port(), free_port()
    init(tmp_path / "hq", ("site-1",), broker_port)
    (tmp_path / "gate.toml").write_text(
        f"""
[paths]
state_dir = "state"
models_dir = "{models_dir}"
[keys]
hq_signing_public_path = "hq/keys/hq-signing.pub.pem"
hq_sealing_public_path = "hq/keys/hq-sealing.pub.pem"
site_private_path = "hq/keys/sites/site-1.key.pem"
[camera]
source = "folder"
path = "{photos_dir}"
repeat = true
[gate]
pins = "mock"
[sync]
broker_host = "127.0.0.1"
broker_port = {broker_port}
tls = false
[screen]
port = {screen_port}
"""
    )
    return tmp_path


THREE = ("edge gate", "edge sync", "edge screen")
SERVICES = {
    "sitegate run": ((*EDGE, "run", "-c", "gate.toml"), THREE),
    "sitegate-hq run": ((HQ, "run", "--dir", "hq", "--with-broker"), ("iotcore",)),
    "sitegate-hq broker": ((HQ, "broker", "--dir", "hq"), ("iotcore",)),
}
"""The words of each, and what runs when the signal comes."""
SAYS = {"sitegate run": "", "sitegate-hq run": "HQ runs", "sitegate-hq broker": "listens", "the whole demo": ""}
WORKS = {
    "demo that begins": ((*EDGE, "demo", "--dir", "demo"), ("sitegate-hq init",)),
    "demo --keep, between HQ and gate": ((*EDGE, "demo", "--keep", "--dir", "demo"), ("iotcore",)),
    "bench sync": ((*EDGE, "bench", "sync", "--appends", "50"), ("mosquitto",)),
    "bench safety, contacts": ((*EDGE, "bench", "safety"), (r"bench\.safety", "watchdog_process")),
    "bench safety, guards": ((*EDGE, "bench", "safety", "--rounds", "0"), (r"bench\.guards", "watchdog_process")),
    "sitegate-hq bench": ((HQ, "bench"), ("postgres",)),
    "evaluate": ((*EDGE, "evaluate", "--photos", "photos", "-j", "2", "--no-cache"), ("spawn_main",)),
}
CUT_SHORT = [
    pytest.param(name, number, id=f"{name}-{number.name}", marks=() if (row - column) % 3 == 0 else pytest.mark.long)
    for row, name in enumerate(WORKS)
    for column, number in enumerate(ENDING)
]
"""Each work with one signal, each signal with several works: one handler takes them all. `-m long` tries each pair."""
WHOLE_DEMO = ((*EDGE, "demo", "--keep", "--dir", "demo"), (*THREE, "isolated_reader", "watchdog_process"))


@SIGNALS
@pytest.mark.parametrize("name", SERVICES)
def test_ok__a_service_ends_in_order_with_all_that_it_started(
    start: Start, house: Path, name: str, number: signal.Signals
) -> None:
    words, there = SERVICES[name]
    service = start(*words)
    service.until(*there)
    service.process.send_signal(number)
    assert service.ended() == 0, service.said()


@pytest.mark.parametrize(("name", "number"), CUT_SHORT)
def test_ok__work_that_is_cut_short_leaves_no_process_and_no_file(
    start: Start, house: Path, name: str, number: signal.Signals
) -> None:
    words, there = WORKS[name]
    work = start(*words)
    work.until(*there)
    work.process.send_signal(number)
    assert work.ended() == 128 + number, work.said()


@pytest.mark.parametrize("name", ["sitegate run", "sitegate-hq run", "bench sync", "evaluate"])
def test_ok__what_a_killed_command_started_ends_too(start: Start, house: Path, name: str) -> None:
    words, there = (SERVICES | WORKS)[name]
    killed = start(*words)
    killed.until(*there)
    killed.process.kill()
    assert killed.gone() == -signal.SIGKILL


def test_ok__what_a_killed_demo_started_ends_too(start: Start) -> None:
    words, there = WHOLE_DEMO
    killed = start(*words)
    killed.until(*there)
    killed.process.kill()
    assert killed.gone() == -signal.SIGKILL


@pytest.mark.parametrize("name", [*SERVICES, pytest.param("the whole demo", marks=pytest.mark.long)])
def test_ok__a_terminal_that_closes_ends_what_was_started_in_it(start: Start, house: Path, name: str) -> None:
    words, there = WHOLE_DEMO if name == "the whole demo" else SERVICES[name]
    command = start(*words, terminal=True)
    command.until(*there)
    command.until_said(SAYS[name])
    command.hang_up()
    assert command.ended() == (128 + signal.SIGHUP if name == "the whole demo" else 0)


def test_ok__a_closed_output_ends_the_demo(start: Start) -> None:
    demo = start("bash", "-c", f"{sys.executable} -m edge demo --dir demo | head -n 1")
    assert demo.ended() == 0  # of head


@SIGNALS
def test_ok__the_demo_script_ends_with_the_setup_that_it_waits_for(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "scripts").mkdir()
    for name in ("demo", "lib.sh"):
        shutil.copy(ROOT / "scripts" / name, tmp_path / "scripts")
    (tmp_path / "scripts/setup").write_text("#!/usr/bin/env bash\nsleep 600\n")
    (tmp_path / "scripts/setup").chmod(0o755)
    script = start("scripts/demo")
    script.until("sleep 600")
    script.process.send_signal(number)
    assert script.ended() == 128 + number


READS_A_WORKBOOK = """
import time
from pathlib import Path
from common.processes import ended_by_signals
from common.sheets.xlsx import open_workbook
with ended_by_signals():
    rows = open_workbook(Path("workers.xlsx"), None).rows()
    next(rows)
    print("there", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_ok__the_process_that_reads_a_workbook_ends_with_the_import(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    workbook(tmp_path / "workers.xlsx", [[f"w-{n:06d}" for n in range(10)]] * 5_000)  # more than a pipe holds
    reads = start(sys.executable, "-c", READS_A_WORKBOOK)
    reads.until_said("there")
    reads.until(r"common\.sheets\.xlsx_process")
    reads.process.send_signal(number)
    assert reads.gone() == (128 + number if number == signal.SIGTERM else -number)


STUBBORN = (
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
)
PARENT_OF_STUBBORN = f"""
import subprocess, sys
from common.processes import Processes, ended_by_signals
with ended_by_signals(), Processes() as processes:
    child = processes.start("stubborn", [sys.executable, "-c", {STUBBORN!r}], within_s=WITHIN, stdout=subprocess.PIPE)
    child.stdout.readline()
    print("there", flush=True)
    child.wait()
"""


@pytest.mark.parametrize(("within_s", "signals"), [(0.5, [signal.SIGTERM]), (600, [signal.SIGTERM, signal.SIGINT])])
def test_ok__a_child_that_ignores_signals_is_killed_in_time_or_at_the_second_signal(
    start: Start, within_s: float, signals: list[signal.Signals]
) -> None:
    parent = start(sys.executable, "-c", PARENT_OF_STUBBORN.replace("WITHIN", str(within_s)))
    parent.until_said("there")
    for number in signals:
        parent.process.send_signal(number)
        time.sleep(0.3)
    assert parent.ended() == 128 + signals[0]


def test_ok__a_signal_while_a_child_starts_leaves_no_orphan(start: Start) -> None:
    parent = start(
        sys.executable,
        "-c",
        """
import os, signal, subprocess, sys
from common.processes import Processes, ended_by_signals
class Interrupted(subprocess.Popen):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        os.kill(os.getpid(), signal.SIGTERM)
subprocess.Popen = Interrupted
with ended_by_signals(), Processes() as processes:
    processes.start("child", ["sleep", "600"])
""",
    )
    assert parent.ended() == 128 + signal.SIGTERM


def test_ok__with_nohup_a_closing_terminal_ends_nothing(start: Start) -> None:
    program = "import time; from common.processes import *\nwith ended_by_signals():\n print('there', flush=True); time.sleep(600)"
    command = start("nohup", sys.executable, "-c", program)
    command.until_said("there")
    command.process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    command.process.send_signal(signal.SIGTERM)
    assert command.ended() == 128 + signal.SIGTERM


def test_ok__a_child_outlives_the_thread_that_started_it() -> None:
    with Processes() as processes:
        program = [
            sys.executable,
            "-c",
            "import time; from common.processes import *\nfollow_parent(); time.sleep(600)",
        ]
        thread = threading.Thread(target=lambda: processes.start("child", program))
        thread.start()
        thread.join()
        time.sleep(0.5)
        assert processes["child"].poll() is None


def test_ok__processes_are_started_in_one_place() -> None:
    begins = re.compile(r"subprocess\.Popen\(|ProcessPoolExecutor\(|os\.(fork|spawn|popen)\w*\(")
    sources = [path for side in ("common", "contract", "edge", "hq") for path in (ROOT / side).rglob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in sources if begins.search(path.read_text(encoding="utf-8"))}
    assert found - {"edge/tools/bench/guards.py"} == STARTERS  # that one forks, and its forks follow it
