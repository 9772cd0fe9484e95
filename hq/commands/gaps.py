"""`sitegate-hq gaps`."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from contract.terminal.console import Table
from hq.commands.console import out, print_json, print_table
from hq.commands.context import Folder, opened
from hq.database.store import now
from hq.reports import gap_facts
from hq.reports import gaps as judge


def gaps(
    folder: Folder = Path(),
    minutes: Annotated[
        float, typer.Option(min=0.1, help="A gate may be silent, or its events on the way, so long.")
    ] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """What HQ does not hold although it should: holes, journals that ended open or that nobody announced, gates that are silent
    or do not get on, clocks that are not to be trusted. Exit code 2 if there is anything.

    Example: sitegate-hq gaps --minutes 10
    """
    with opened(folder) as (_, _, _, store):
        found = judge.find(gap_facts.journals(store), gap_facts.gates(store), now(), timedelta(minutes=minutes))
    if as_json:
        print_json([asdict(gap) for gap in found])
    elif found:
        table = Table("what", "site", "gate", "epoch", "events", "which means")
        for gap in found:
            table.add_row(
                gap.kind.value, gap.site_id, gap.gate_id, gap.epoch, str(gap.missing) if gap.missing else "", gap.detail
            )
        print_table(table)
    else:
        out.print("no gaps: HQ holds everything it knows of")
    if found:
        raise typer.Exit(2)


def register(app: typer.Typer) -> None:
    app.command()(gaps)
