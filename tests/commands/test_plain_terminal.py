"""Both programs where the terminal is not UTF-8: GBK, Latin-1, ASCII, and into a file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hq.keys.keys import init

STORY = Path(__file__).parents[1] / "stories" / "fire_while_locked.toml"


def run(program: str, *arguments: object, encoding: str, **more: str) -> subprocess.CompletedProcess[bytes]:
    module = {"sitegate": "edge.cli", "sitegate-hq": "hq.cli"}[program]
    code = f"from {module} import main; main()"
    strict = {"PYTHONIOENCODING": f"{encoding}:strict", "PYTHONUTF8": "0"}
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | strict | more,
        capture_output=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "latin-1"])
def test_ok__a_story_is_told_in_characters_that_there_are(encoding: str) -> None:
    done = run("sitegate", "replay", STORY, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode(encoding)
    assert "as expected" in text and "v " in text and "✔" not in text


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_ok__a_code_is_drawn_and_names_are_written(encoding: str, tmp_path: Path) -> None:
    init(tmp_path / "hq", ("site-1",), 1)
    (tmp_path / "w.toml").write_text('[[workers]]\nworker_id = "w-1"\nsites = ["site-1"]\n')
    where = "--dir", tmp_path / "hq"
    assert run("sitegate-hq", "import", tmp_path / "w.toml", *where, encoding=encoding).returncode == 0
    drawn = run("sitegate-hq", "code", "w-1", *where, encoding=encoding)
    assert (drawn.returncode, drawn.stderr) == (0, b"")
    assert b"\x1b[7m" in drawn.stdout, "drawn by colours alone"
    ordered = [
        "command",
        "gate-1",
        "lock-down",
        "--site",
        "site-1",
        "--by",
        "张三",
        "--why",
        "塔吊作业 ✔ 👷",
        "--wait-s",
        "1",
        *where,
    ]
    done = run("sitegate-hq", *ordered, encoding=encoding, LC_ALL="C.UTF-8")
    assert done.returncode == 1 and b"queued" in done.stderr, "no HQ runs: the order waits"
    assert b"Traceback" not in done.stderr


def test_ok__an_error_with_a_name_that_the_terminal_does_not_have(tmp_path: Path) -> None:
    done = run("sitegate", "check", "-c", tmp_path / "张三.toml", encoding="ascii", LC_ALL="C.UTF-8")
    assert done.returncode == 2
    assert rb"\u5f20\u4e09.toml" in done.stderr and b"Traceback" not in done.stderr


def test_ok__output_that_nobody_reads_any_more_is_no_error(tmp_path: Path) -> None:
    code = "from edge.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "passage"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as done:
        assert done.stdout is not None and done.stderr is not None
        done.stdout.close()
        assert b"Traceback" not in done.stderr.read()
