"""A gate gets the plain install: everything it runs works without the packages of the extras.

No virtual environment is made here, which would take a minute and the network. In a process of its own, a package that
requirements/gate.txt does not install cannot be imported.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RIG = ROOT / "tests" / "rigs" / "plain_install.py"
OF_EXTRAS = ("alembic", "drawsvg", "iotcore", "resvg_py", "sqlalchemy", "scipy", "pytest")


def run(*words: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RIG), *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_ok__the_three_processes_load() -> None:
    done = run("processes")
    assert done.returncode == 0, done.stderr
    assert set(OF_EXTRAS) <= set(done.stdout.split()), "the test refuses what the extras bring"


def test_ok__every_command_explains_itself_and_what_a_gate_is_set_up_with_needs_no_extra(tmp_path: Path) -> None:
    config = tmp_path / "gate.toml"
    config.write_text(
        f"""[site]\nsite_id = "site-1"\ngate_id = "gate-1"\n[gate]\npins = "mock"\n[liveness]\nmode = "off"\n
        [camera]\nsource = "v4l2"\n[paths]\nstate_dir = "{tmp_path}/state"\nmodels_dir = "{tmp_path}/models"\n""",
        encoding="utf-8",
    )
    done = run("commands", config)
    assert done.returncode == 0, done.stderr
    codes = dict(reversed(line.split(" ", 1)) for line in done.stdout.splitlines() if " " in line)
    assert {"gate", "sync", "screen", "enroll", "lock", "models fetch", "bench", "demo"} <= codes.keys()
    # No keys, no lists, no weights here: each of these says so.
    problems = {"check", "models verify", "policy show", "roster status", "events list"}
    assert {words for words, code in codes.items() if code != "0"} == problems, done.stderr
    assert "No module named" not in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (["sitegate", "demo"], "demo"),
        (["sitegate", "bench"], "tools"),
        (["sitegate", "replay", "story.toml", "--png", "story.png"], "tools"),
        (["sitegate-hq", "--help"], "hq"),
        (["sitegate-hq", "run"], "hq"),
    ],
)
def test_fail__a_command_without_its_extra_says_the_line_that_installs_it(
    words: list[str], extra: str, tmp_path: Path
) -> None:
    done = run(*words, folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.strip().endswith(f"{sys.executable} -m pip install 'sitegate[{extra}]'")
    assert len(done.stderr.strip().splitlines()) == 1
