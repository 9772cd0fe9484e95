"""The `sitegate-hq` command."""

import functools
import sys

import typer

from common import __version__
from common.memory import keep_private
from common.processes import ended_by_signals
from common.terminal.errors import error_group
from common.terminal.groups import register_groups
from common.uncaught import shown_without_values
from hq.commands.console import described, out, tell
from hq.commands.logs import configure_logs

GROUPS = {
    "processes": "init broker run ingest",
    "check": "check",
    "broker_config": "broker-config",
    "imports": "import",
    "lists": "publish",
    "journals:register_events": "events",
    "managers": "refused inside",
    "overview": "gates",
    "feed": "feed",
    "journals:register_checks": "verify quarantine",
    "command": "command",
    "lock_down": "lock-down release-lock-down lock-downs",
    "schema": "schema",
    "enroll": "enroll",
    "worker": "worker",
    "risk": "risk",
    "export": "export",
    "credentials": "code card",
    "keys": "keys",
    "site": "site",
    "gate": "gate",
    "enrolments": "enrolments",
    "consent": "consent",
    "gaps": "gaps",
    "backup": "backup restore move-to",
    "restored": "restored",
    "bench": "bench",
}
"""Which file of `commands` has which commands; in this order the help lists them."""


@functools.cache
def program(word: str = "") -> typer.Typer:
    """Return the program with the file that has this command; with all of them if there is no such command."""
    made = typer.Typer(
        help="HQ of sitegate: receives every gate's events, publishes roster, risk list and policy.",
        no_args_is_help=True,
        rich_markup_mode=None,  # markup would swallow what is in brackets
        pretty_exceptions_enable=False,
        cls=error_group(tell, described),
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(_root)
    register_groups(made, "hq.commands", GROUPS, word)
    return made


def __getattr__(name: str) -> typer.Typer:
    """Return `app`, the program with all commands."""
    if name == "app":
        return program()
    raise AttributeError(name)


def _version(asked: bool) -> None:
    if asked:
        out.print(f"sitegate-hq {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", callback=_version, is_eager=True
    ),
) -> None:
    """HQ of sitegate: receives every gate's events, publishes roster, risk list and policy."""


def main() -> None:
    """Run the command, as the console script does."""
    keep_private()
    configure_logs()
    with shown_without_values(), ended_by_signals():
        program(*sys.argv[1:2])()
