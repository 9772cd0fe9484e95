"""`sitegate status` and `sitegate top`: how this gate is, once or live."""

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from common.check_result import CheckState
from common.terminal.console import styled
from common.terminal.findings import MARKS, print_findings
from edge.commands.common import (
    DEFAULT_CONFIG,
    EXIT_PROBLEM,
    EXIT_USAGE,
    ConfigOption,
    JsonOption,
    example,
    fail,
    load_config,
    out,
)

WORDS = {
    CheckState.OK: "the gate works",
    CheckState.WARNING: "the gate works; see the lines with !",
    CheckState.PROBLEM: "something needs you: see the lines with ✘",
}


def status(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Show how this gate is, on one screen. Exit code 0 if it works, 1 if something needs a person.

    It only reads what the processes write. `sitegate check` tests devices and broker too.
    """
    from edge.tools.status.facts import FactsReader
    from edge.tools.status.lines import status_lines, worst

    loaded = load_config(config)
    with FactsReader(loaded) as reader:
        lines = status_lines(reader.read(), loaded)
    state = worst(lines)
    if as_json:
        out.print_json(json.dumps({"state": state.value, "lines": [asdict(line) for line in lines]}))
    else:
        said = (WORDS[state], MARKS[state][1])
        out.print(styled((f"{loaded.site.gate_id} at {loaded.site.site_id}", "bold"), ": ", said), soft_wrap=True)
        print_findings(out, lines)
    if state is CheckState.PROBLEM:
        raise typer.Exit(EXIT_PROBLEM)


def top(
    config: ConfigOption = DEFAULT_CONFIG,
    every_s: Annotated[
        float, typer.Option("--every", min=0.2, max=60, help="Seconds between two looks at the files.")
    ] = 0.5,
) -> None:
    """Show this gate live: state, lists, link and newest events, until Ctrl-C."""
    from edge.tools.status.top import show_live

    loaded = load_config(config)
    if not sys.stdout.isatty():
        raise fail("this is not a terminal: use sitegate status", EXIT_USAGE)
    show_live(out, loaded, every_s)


def register(app: typer.Typer) -> None:
    app.command(epilog=example("sitegate status", "sitegate status --json"))(status)
    app.command(epilog=example("sitegate top", "sitegate top --every 2"))(top)
