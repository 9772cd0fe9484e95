"""PROMISE: a command loads its own file alone, and is the same as in the whole program."""

import subprocess
import sys

import pytest
import typer

import edge.cli
import hq.cli

PROGRAMS = {"edge": edge.cli, "hq": hq.cli}


@pytest.mark.parametrize("name", PROGRAMS)
def test_ok__each_command_is_found_by_its_word(name: str) -> None:
    program = PROGRAMS[name].program
    words = list(typer.main.get_command(program()).commands)  # type: ignore[attr-defined]
    assert sorted(words) == sorted(" ".join(PROGRAMS[name].GROUPS.values()).split())
    for word in words:
        alone = typer.main.get_command(program(word)).commands  # type: ignore[attr-defined]
        assert word in alone and len(alone) < 6, word
    assert list(typer.main.get_command(program("no-such-word")).commands) == words  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "word", "there", "absent"),
    [
        ("edge", "run", "processes", "bench"),
        ("hq", "init", "processes", "feed"),
        ("hq", "events", "journals", "backup"),
    ],
)
def test_ok__a_command_loads_no_other_file(name: str, word: str, there: str, absent: str) -> None:
    code = f"import sys, {name}.cli as c; sys.argv = ['x', '{word}', '--help']; sys.excepthook = print\n"
    code += f"try: c.main()\nfinally: print('loaded', *(m for m in sys.modules if m.startswith('{name}.commands.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    loaded = done.stdout.split("loaded ")[1].split()
    assert f"{name}.commands.{there}" in loaded and f"{name}.commands.{absent}" not in loaded, done


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize(
    ("words", "code", "says"), [(["nonsense"], 2, "nonsense"), (["--version"], 0, "sitegate"), ([], 2, "Usage")]
)
def test_ok__without_a_command_all_are_there(name: str, words: list[str], code: int, says: str) -> None:
    done = subprocess.run([sys.executable, "-m", name, *words], capture_output=True, text=True, check=False)
    assert done.returncode == code and says in done.stdout + done.stderr
