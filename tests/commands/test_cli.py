"""Every command explains itself: a help text, an example, documented options."""

from collections.abc import Iterator

import click
import pytest
import typer
from typer.testing import CliRunner

from edge.cli import app


def commands(
    group: click.Command | None = None, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    group = group or typer.main.get_command(app)
    for name, command in getattr(group, "commands", {}).items():
        if getattr(command, "commands", None):
            if getattr(command, "invoke_without_command", False):
                yield (*path, name), command
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands())


def test_ok__the_promised_commands_exist() -> None:
    promised = "run gate lock sync screen demo check bench enroll"
    groups = {
        "config": "show check init",
        "models": "fetch verify list",
        "roster": "list status",
        "events": "list tail verify",
    }
    wanted = {(name,) for name in promised.split()} | {(g, n) for g, names in groups.items() for n in names.split()}
    assert wanted <= set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_ok__help_and_example(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert command.help
    assert "sitegate " + " ".join(path) in (command.epilog or ""), "no example"
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
    assert CliRunner().invoke(app, [*path, "--help"]).exit_code == 0


def test_ok__version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout.startswith("sitegate ")
