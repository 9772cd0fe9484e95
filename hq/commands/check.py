"""`sitegate-hq check`: is this HQ ready to work?"""

from dataclasses import asdict
from pathlib import Path

import typer

from common.check_result import CheckState
from common.terminal.console import Table, styled
from hq import config as settings
from hq.commands.console import err, out, print_json
from hq.commands.logs import without_log_lines
from hq.commands.options import Folder, Json
from hq.selfcheck import ask_all

_COLOURS = {CheckState.OK: "green", CheckState.WARNING: "yellow", CheckState.PROBLEM: "bold red"}


def check(folder: Folder = Path(), as_json: Json = False) -> None:
    """Check configuration, file rights, keys, database, broker, and each topic. Exit code 1 if one is a problem.

    It tries every topic with an empty message, which gates and HQ ignore.

    Example: sitegate-hq check
    """
    config = settings.load(folder)
    with err.status("checking…"), without_log_lines():
        findings = list(ask_all(config))
    if as_json:
        print_json([asdict(found) for found in findings])
    else:
        table = Table("", "state", "what was found", "what to do")
        table.add_row("config", styled((CheckState.OK, "green")), f"{settings.FILE_NAME} is fine", "")
        for found in findings:
            table.add_row(found.what, styled((found.state, _COLOURS[found.state])), found.detail, found.todo)
        out.print(table)
    if any(found.state is CheckState.PROBLEM for found in findings):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the command to `sitegate-hq`."""
    app.command()(check)
