"""`sitegate check`: is this gate ready to work?"""

import json
import logging
from dataclasses import asdict

import typer

from common.check_result import CheckResult, CheckState
from common.terminal.console import styled
from common.terminal.findings import print_findings
from edge.commands.common import DEFAULT_CONFIG, EXIT_PROBLEM, ConfigOption, JsonOption, err, example, load_config, out
from edge.system.logs import configure_logs


def check(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Check config, clock, disk, keys, weights, lists, camera, pins and broker. Exit code 1 if one is a problem."""
    from edge.tools.selfcheck import ask_all

    loaded = load_config(config)
    configure_logs(level=logging.CRITICAL)  # what a device logs while it is tried stands in the answers
    with err.status("checking…"):
        findings = list(ask_all(loaded))
    if as_json:
        out.print_json(json.dumps([asdict(f) for f in findings]))
    else:
        out.print(styled((f"{loaded.site.gate_id} at {loaded.site.site_id}", "bold")), soft_wrap=True)
        print_findings(out, [CheckResult("config", CheckState.OK, f"{config} is fine"), *findings])
    if any(f.state is CheckState.PROBLEM for f in findings):
        raise typer.Exit(EXIT_PROBLEM)


def register(app: typer.Typer) -> None:
    app.command(epilog=example("sitegate check", "sitegate check --json"))(check)
