"""The `sitegate-hq` command."""

import typer

from common import __version__
from common.memory import keep_private
from common.processes import ended_by_signals
from common.terminal.errors import error_group
from common.uncaught import shown_without_values
from hq.commands import (
    backup,
    bench,
    broker_config,
    check,
    command,
    consent,
    credentials,
    enroll,
    enrolments,
    export,
    feed,
    gaps,
    gate,
    imports,
    journals,
    keys,
    lists,
    lock_down,
    managers,
    overview,
    processes,
    restored,
    risk,
    schema,
    site,
    worker,
)
from hq.commands.console import described, out, tell
from hq.commands.logs import configure_logs

app = typer.Typer(
    help="HQ of sitegate: receives every gate's events, publishes roster, risk list and policy.",
    no_args_is_help=True,
    rich_markup_mode=None,  # markup would swallow what is in brackets
    pretty_exceptions_enable=False,
    cls=error_group(tell, described),
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        out.print(f"sitegate-hq {__version__}")
        raise typer.Exit


@app.callback()
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
        app()


# In this order the help lists them.
processes.register(app)
check.register(app)
broker_config.register(app)
imports.register(app)
lists.register(app)
journals.register_events(app)
managers.register(app)
overview.register(app)
feed.register(app)
journals.register_checks(app)
command.register(app)
lock_down.register(app)
schema.register(app)
enroll.register(app)
worker.register(app)
risk.register(app)
export.register(app)
credentials.register(app)
keys.register(app)
site.register(app)
gate.register(app)
enrolments.register(app)
consent.register(app)
gaps.register(app)
backup.register(app)
restored.register(app)
bench.register(app)
