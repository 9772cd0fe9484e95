"""The `sitegate` command."""

import logging

import typer

from common.memory import keep_private
from common.processes import ended_by_signals
from common.terminal.errors import error_group
from common.uncaught import shown_without_values
from edge import __version__
from edge.commands import (
    account,
    bench,
    check,
    clock,
    commission,
    config,
    demo,
    enroll,
    evaluate,
    events,
    identity,
    liveness,
    models,
    passage,
    policy,
    processes,
    replay,
    roster,
    state,
    voice,
)
from edge.commands.common import example, out, tell
from edge.system.logs import configure_logs

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,  # markup would swallow what stands in brackets
    pretty_exceptions_enable=False,
    cls=error_group(tell),
    context_settings={"help_option_names": ["-h", "--help"]},
    help="sitegate: looks at a worker, knows who it is, decides, and lets the turnstile turn.",
    epilog=example("sitegate check", "sitegate run -c gate.toml", "sitegate events tail"),
)


def _version(asked: bool) -> None:
    if asked:
        out.print(f"sitegate {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", callback=_version, is_eager=True
    ),
) -> None:
    configure_logs(level=logging.WARNING)  # the long-running commands raise it again


processes.register(app)
demo.register(app)
check.register(app)
evaluate.register(app)
enroll.register(app)
identity.register(app)
app.add_typer(config.app, name="config")
app.add_typer(models.app, name="models")
app.add_typer(roster.app, name="roster")
app.add_typer(policy.app, name="policy")
app.add_typer(events.app, name="events")
app.add_typer(account.app, name="account")
app.add_typer(clock.app, name="clock")
app.add_typer(state.app, name="state")
liveness.register(app)
app.add_typer(bench.app, name="bench")
app.add_typer(voice.app, name="voice")
app.add_typer(commission.app, name="commission")
replay.register(app)
passage.register(app)


def main() -> None:
    """Entry point of the console script."""
    keep_private()
    with shown_without_values(), ended_by_signals():
        app()
