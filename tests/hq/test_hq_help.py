"""The help of `sitegate-hq`: every command has an example that parses, and brackets stay."""

import pytest
import typer
from help_examples import Command, commands, parse, swallowed

from hq.cli import app

ALL = commands(app)


@pytest.mark.parametrize("command", ALL, ids=lambda command: " ".join(command.path) or "sitegate-hq")
def test_ok__every_help_shows_all_of_its_text(command: Command) -> None:
    assert swallowed(app, command) == []


@pytest.mark.parametrize("command", [c for c in ALL if c.runs], ids=lambda command: " ".join(command.path))
def test_ok__every_command_has_examples_of_itself_that_parse(command: Command) -> None:
    assert command.examples
    for example in command.examples:
        assert parse(app, "sitegate-hq", example) == command.path


@pytest.mark.parametrize(
    "example",
    ["sitegate-hq gates --speed", "sitegate-hq gaps --minutes 0", "sitegate-hq keys use", "sitegate-hq gates extra"],
)
def test_fail__an_example_that_would_not_run_is_found(example: str) -> None:
    with pytest.raises(Exception, match=r"(?i)no such option|greater than|missing|unexpected"):
        parse(app, "sitegate-hq", example)


def test_fail__text_that_markup_swallows_is_found() -> None:
    marked = typer.Typer(rich_markup_mode="rich")

    @marked.command()
    def copy() -> None:
        """Copy people/[bold]NAME[/bold].jpg.

        Example: copy
        """

    assert swallowed(marked, commands(marked)[0]) == ["Copy people/[bold]NAME[/bold].jpg."]
