"""The `sitegate-hq` command."""

import typer

from common.memory import keep_private
from common.processes import ended_by_signals
from common.terminal.errors import error_group
from common.uncaught import shown_without_values
from hq.commands import (
    backup,
    bench,
    command,
    consent,
    credentials,
    enroll,
    enrolments,
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
    schema,
    site,
)
from hq.commands.console import described, tell
from hq.commands.logs import configure_logs

app = typer.Typer(
    help="HQ of sitegate: receives every gate's events, publishes roster, risk list and policy.",
    no_args_is_help=True,
    rich_markup_mode=None,  # markup would swallow what is in brackets
    pretty_exceptions_enable=False,
    cls=error_group(tell, described),
)


def main() -> None:
    """Run the command, as the console script does."""
    keep_private()
    configure_logs()
    with shown_without_values(), ended_by_signals():
        app()


# In this order the help lists them.
processes.register(app)
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
