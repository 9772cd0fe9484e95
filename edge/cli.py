"""The `sitegate` command."""

import functools
import logging
import sys

import typer

from common.memory import keep_private
from common.processes import ended_by_signals
from common.terminal.errors import error_group
from common.terminal.groups import register_groups
from common.uncaught import shown_without_values
from edge import __version__
from edge.commands.common import example, out, tell
from edge.system.logs import configure_logs

GROUPS = {
    "processes": "run gate lock sync screen",
    "demo": "demo",
    "practice": "try",
    "check": "check",
    "status": "status top",
    "evaluate": "evaluate",
    "enroll": "enroll",
    "identity": "register key",
    "config": "config",
    "models": "models",
    "roster": "roster",
    "policy": "policy",
    "events": "events",
    "account": "account",
    "clock": "clock",
    "state": "state",
    "liveness": "liveness",
    "bench": "bench",
    "voice": "voice",
    "commission": "commission",
    "replay": "replay",
    "passage": "passage",
}
"""Which file of `commands` has which commands; in this order the help lists them."""


@functools.cache
def program(word: str = "") -> typer.Typer:
    """Return the program with the file that has this command; with all of them if there is no such command."""
    made = typer.Typer(
        no_args_is_help=True,
        rich_markup_mode=None,  # markup would swallow what stands in brackets
        pretty_exceptions_enable=False,
        cls=error_group(tell),
        context_settings={"help_option_names": ["-h", "--help"]},
        help="sitegate: looks at a worker, knows who it is, decides, and lets the turnstile turn.",
        epilog=example("sitegate check", "sitegate run -c gate.toml", "sitegate events tail"),
    )
    made.callback()(_root)
    register_groups(made, "edge.commands", GROUPS, word)
    return made


def __getattr__(name: str) -> typer.Typer:
    """Return `app`, the program with all commands."""
    if name == "app":
        return program()
    raise AttributeError(name)


def _version(asked: bool) -> None:
    if asked:
        out.print(f"sitegate {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", callback=_version, is_eager=True
    ),
) -> None:
    configure_logs(level=logging.WARNING)  # the long-running commands raise it again


def main() -> None:
    """Entry point of the console script."""
    keep_private()
    with shown_without_values(), ended_by_signals():
        program(*sys.argv[1:2])()
