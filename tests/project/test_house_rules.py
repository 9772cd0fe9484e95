"""The checkers of sizes and language find what they are for, and nothing else. scripts/check runs them on the
project."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Writer = Callable[[str, str], Path]
"""Writes a file of a small project; its folder."""
SCRIPTS = Path(__file__).parents[2] / "scripts"


def run(script: str, root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / script), *options, str(root)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    def writer(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path

    return writer


LONG = "The sentence has one word more than twenty of them because it counts each word that " + "x " * 4 + "here."


def test_ok__a_file_and_a_function_of_the_most_lines_with_any_docstring(write: Writer) -> None:
    body = '    """A docstring\n\n    of more lines.\n    """\n' + "    pass\n" * 39
    root = write("edge/a.py", "def fine() -> None:\n" + body + "x = 1\n" * 256)
    assert "edge/a.py" not in run("shape.py", root).stderr


def test_fail__a_file_and_a_function_that_are_too_long_are_named(write: Writer) -> None:
    write("edge/a.py", "x = 1\n" * 301)
    root = write("hq/b.py", "class B:\n    def long(self) -> None:\n" + "        pass\n" * 40)
    done = run("shape.py", root)
    assert done.returncode == 1
    assert "edge/a.py: 301 lines, at most 300" in done.stderr
    assert "hq/b.py:long: 41 lines, at most 40" in done.stderr


def test_ok__tests_may_be_longer(write: Writer) -> None:
    assert "tests/" not in run("shape.py", write("tests/test_a.py", "x = 1\n" * 500)).stderr


@pytest.mark.parametrize(
    "text",
    [
        '"""Read the file. ' + "Write it again. " * 10 + '"""',
        '"""Read the file.\n\n    Args:\n        one: ' + "word " * 18 + "\n        two: " + "word " * 18 + '\n    """',
        '"""Read `' + "a b " * 30 + '`."""',
        "# " + "a comment may be as long as it likes " * 3,
        "x = " + repr("text that is no docstring, told anew by whoever reads it"),
        '"""Keep `whoever` and `lest`, which are names here."""',
        '"""Retold, renewed, honestly, telltale."""',
    ],
)
def test_ok__plain_language(text: str, write: Writer) -> None:
    done = run("language.py", write("edge/a.py", text + "\n"))
    assert "long sentence: 0" in done.stderr and "word: 0" in done.stderr, done.stdout


@pytest.mark.parametrize(
    ("name", "text", "line", "said"),
    [
        ("edge/a.py", f'"""{LONG}"""\n', 1, "21 words"),
        ("edge/a.py", f'x = 1\n"""Say what x is.\n\n{LONG}\n"""\n', 4, "21 words"),
        ("edge/a.py", "x = 1  # made anew\n", 1, "write again"),
        ("tests/test_a.py", '"""The reader\nis told so."""\n', 2, "write reported"),
        ("edge/b.html", "<p>\n\nWhoever reads this.\n", 3, "'Whoever': write a person who"),
        ("edge/a.html", "<p>lest it fall</p>\n", 1, "'lest'"),
        ("edge/text/en.toml", "a = 1\nb = 'in one hand'\n", 2, "write together"),
    ],
)
def test_fail__a_long_sentence_and_words_that_are_out(
    name: str, text: str, line: int, said: str, write: Writer
) -> None:
    done = run("language.py", write(name, text), "--list")
    assert done.stdout.startswith(f"{name}:{line}: ") and said in done.stdout
