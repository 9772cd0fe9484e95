"""`sitegate check`: is this gate ready to work?"""

import json
from dataclasses import asdict

import typer

from common.terminal.console import Table, styled
from edge.commands.common import DEFAULT_CONFIG, EXIT_PROBLEM, ConfigOption, JsonOption, err, example, load_config, out

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def check(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Check config, clock, disk, keys, weights, lists, camera, pins and broker. Exit code 1 if one is a problem."""
    from edge.tools.selfcheck import CheckState, ask_all

    loaded = load_config(config)
    with err.status("checking…"):
        findings = list(ask_all(loaded))
    if as_json:
        out.print_json(json.dumps([asdict(f) for f in findings]))
    else:
        table = Table(
            "", "state", "what was found", "what to do", title=f"{loaded.site.gate_id} at {loaded.site.site_id}"
        )
        table.add_row("config", styled((CheckState.OK, "green")), f"{config} is fine", "")
        for f in findings:
            colour = _COLOURS[CheckState.PROBLEM if f.grave else f.state]
            detail = styled((f.detail, colour)) if f.grave else f.detail
            table.add_row(f.what, styled((f.state, colour)), detail, f.todo)
        out.print(table)
    if any(f.state is CheckState.PROBLEM for f in findings):
        raise typer.Exit(EXIT_PROBLEM)


def register(app: typer.Typer) -> None:
    app.command(epilog=example("sitegate check", "sitegate check --json"))(check)
