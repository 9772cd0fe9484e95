"""The `sitegate-district` command."""

import typer

from common import __version__
from common.memory import keep_private
from common.processes import ended_by_signals
from common.terminal.errors import error_group
from common.terminal.logs import configure_logs
from common.uncaught import shown_without_values
from district.commands import (
    audit,
    demo,
    february,
    feed,
    imports,
    init,
    measured_screening,
    measured_tracing,
    platform_sim,
    processes,
    simulate,
    users,
)
from district.commands.context import described, out, tell

app = typer.Typer(
    help="The people side of sitegate: who works where, who is inside, attendance and its ledger.",
    no_args_is_help=True,
    rich_markup_mode=None,  # markup would swallow what is in brackets
    pretty_exceptions_enable=False,
    cls=error_group(tell, described),
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        out.print(f"sitegate-district {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", callback=_version, is_eager=True
    ),
) -> None:
    """Run the people side of sitegate."""


def main() -> None:
    """Run the command, as the console script does."""
    keep_private()
    configure_logs()
    with shown_without_values(), ended_by_signals():
        app()


# In this order the help lists them.
init.register(app)
processes.register(app)
users.register(app)
audit.register(app)
feed.register(app)
imports.register(app)
demo.register(app)
february.register(app)
platform_sim.register(app)
simulate.register(app)
measured_screening.register(app)
measured_tracing.register(app)
