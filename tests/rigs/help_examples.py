"""Help texts of a command: every example parses, and nothing of a text is swallowed. For `sitegate` and `sitegate-hq`."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer
from typer.main import get_command
from typer.testing import CliRunner

EXAMPLE = re.compile(r"^\s*Examples?:\s*(.*)$")
WIDE = {"COLUMNS": "200", "LINES": "100", "NO_COLOR": "1", "TERM": "dumb"}


@dataclass(frozen=True, slots=True)
class Command:
    """A command or a group of them. `path`: the words after the program's name."""

    path: tuple[str, ...]
    click: Any
    """Typer's own copy of click has no public types."""

    @property
    def runs(self) -> bool:
        """Whether it does something without a further word."""
        return not hasattr(self.click, "commands") or bool(self.click.invoke_without_command)

    @property
    def texts(self) -> list[str]:
        """Everything that its help should say: paragraphs, and the help of each option and argument."""
        paragraphs = re.split(r"\n\s*\n", self.click.help or "")
        return [*paragraphs, *(p.help for p in self.click.params if getattr(p, "help", None))]

    @property
    def examples(self) -> list[str]:
        """The lines after "Example:", or those of the block after "Examples:"."""
        found: list[str] = []
        inside = False
        for line in (self.click.help or "").splitlines():
            if match := EXAMPLE.match(line):
                found, inside = found + ([match[1]] if match[1] else []), True
            elif inside and line.strip():
                found.append(line.strip())
            else:
                inside = False
        return found


def commands(app: typer.Typer) -> list[Command]:
    """Every command and group of an application, the application itself first."""
    return list(_walk((), get_command(app)))


def _walk(path: tuple[str, ...], command: Any) -> Iterator[Command]:
    yield Command(path, command)
    for name, child in getattr(command, "commands", {}).items():
        yield from _walk((*path, name), child)


def parse(app: typer.Typer, program: str, example: str) -> tuple[str, ...]:
    """Parse an example with the real commands, without running it. Return the path of the command that it names.

    Raises what the command line would raise: an unknown option, a missing argument, a value out of bounds.
    """
    words = shlex.split(example, comments=True)
    words = words[1:] if words[0] == "sudo" else words
    assert words[0] == program, f"{example!r} does not begin with {program}"
    command, words, path, parent = get_command(app), words[1:], (), None
    while True:
        context: Any = command.make_context(path[-1] if path else program, list(words), parent=parent)
        rest = [*getattr(context, "_protected_args", ()), *context.args]
        if not hasattr(command, "commands") or not rest:
            assert not rest, f"{example!r}: nobody takes {rest}"
            return path
        name, child, words = command.resolve_command(context, rest)
        command, path, parent = child, (*path, name), context


def swallowed(app: typer.Typer, command: Command) -> list[str]:
    """The texts that the printed help does not show as they are."""
    result = CliRunner().invoke(app, [*command.path, "--help"], env=WIDE)
    assert result.exit_code == 0, result.output
    shown = _letters(result.output)
    return [text for text in command.texts if _letters(text) not in shown]


def _letters(text: str) -> str:
    """The text without white space: help is wrapped, and options stand in columns."""
    return "".join(text.replace("\b", "").split())
