"""Every command of both programs explains itself: nothing of its help is lost in print, and its examples can be
typed."""

from pathlib import Path

import click
import pytest
import typer
from click.testing import CliRunner
from help_texts import commands, examples, harmless, own_texts, without_spaces

import edge.cli
import hq.cli

PROGRAMS = {"sitegate": edge.cli.app, "sitegate-hq": hq.cli.app}
ALL = [(program, path) for program, app in PROGRAMS.items() for path in commands(app)]
NAMES = [" ".join((program, *path)) for program, path in ALL]
FILES = (".jpg", ".toml", ".html", ".md", ".csv", ".json", ".pem", ".db", ".xlsx")


def command_of(program: str, path: tuple[str, ...]) -> tuple[typer.Typer, click.Command]:
    return PROGRAMS[program], commands(PROGRAMS[program])[path]


@pytest.mark.parametrize(("program", "path"), ALL, ids=NAMES)
def test_ok__the_printed_help_says_all_that_was_written(program: str, path: tuple[str, ...]) -> None:
    """A bracket or a star that some markup takes for its own would vanish: `people/<name>/*.jpg` became
    `people//.jpg`."""
    app, command = command_of(program, path)
    done = CliRunner().invoke(typer.main.get_command(app), [*path, "--help"], terminal_width=200)
    assert done.exit_code == 0
    printed = without_spaces(done.output)
    for text in own_texts(command):
        assert without_spaces(text.replace("\b", "")) in printed, text


@pytest.mark.parametrize(("program", "path"), ALL, ids=NAMES)
def test_ok__every_example_can_be_typed(
    program: str, path: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, command = command_of(program, path)
    found = [words for words in examples(program, command) if tuple(words[: len(path)]) == path]
    assert found, "no example"
    monkeypatch.chdir(tmp_path)
    for words in found:
        for word in words[len(path) :]:
            place = Path(word.removeprefix("./").lstrip("/~"))
            if word.endswith(FILES):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.touch()
            elif "/" in word:
                place.mkdir(parents=True, exist_ok=True)
        words = [word.replace("~/", "") for word in words]
        done = CliRunner().invoke(harmless(app), words)
        assert done.exit_code == 0, f"{' '.join(words)}: {done.output}"
