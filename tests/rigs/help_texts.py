"""Commands of a typer program, their help texts and their examples, as one test reads them for both programs."""

import re
import shlex
from collections.abc import Iterator

import click
import typer


def commands(app: typer.Typer) -> dict[tuple[str, ...], click.Command]:
    """All commands that a person can type, by their words."""
    return dict(_below(typer.main.get_command(app), ()))


def _below(group: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in getattr(group, "commands", {}).items():
        below = (*path, name)
        if not getattr(command, "commands", None) or getattr(command, "invoke_without_command", False):
            yield below, command
        yield from _below(command, below)


def examples(program: str, command: click.Command) -> list[list[str]]:
    """The examples of a help text, as words after the program's name."""
    text = " ".join(f"{command.help or ''} {command.epilog or ''}".split())
    after = re.split(r"Examples?: ", text, maxsplit=1)[1:]
    lines = [line.strip(" `").removeprefix("sudo ") for part in after for line in part.split("·")]
    return [shlex.split(line)[1:] for line in lines if line.startswith(f"{program} ")]


def harmless(app: typer.Typer) -> click.Command:
    """The program with every command doing nothing: its words are still read and checked."""
    root = typer.main.get_command(app)
    for _, command in _all(root):
        command.callback = None
    return root


def _all(command: click.Command) -> Iterator[tuple[str, click.Command]]:
    for name, below in getattr(command, "commands", {}).items():
        yield name, below
        yield from _all(below)


def without_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)


def own_texts(command: click.Command) -> list[str]:
    """What the command's author wrote: each must be readable in the printed help."""
    options = [p.help for p in command.params if isinstance(p, click.Option) and p.help and not p.hidden]
    return [text for text in (command.help, command.epilog, *options) if text]
