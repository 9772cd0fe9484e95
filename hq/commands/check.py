"""`sitegate-hq check`: is this HQ ready to work?"""

from dataclasses import asdict
from pathlib import Path

import typer

from common.check_result import CheckResult, CheckState
from common.terminal.findings import print_findings
from hq import config as settings
from hq.commands.console import err, out, print_json
from hq.commands.logs import without_log_lines
from hq.commands.options import Folder, Json
from hq.selfcheck import ask_all


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
        print_findings(out, [CheckResult("config", CheckState.OK, f"{settings.FILE_NAME} is fine"), *findings])
    if any(found.state is CheckState.PROBLEM for found in findings):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the command to `sitegate-hq`."""
    app.command()(check)
