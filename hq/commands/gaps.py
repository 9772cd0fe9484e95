"""`sitegate-hq gaps`."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import Table
from hq.commands.console import out, print_json, print_table
from hq.commands.context import opened
from hq.commands.options import Folder, Json
from hq.database.clock import now
from hq.reports import gap_facts
from hq.reports.gaps import find


def gaps(
    folder: Folder = Path(),
    minutes: Annotated[
        float, typer.Option(min=0.1, help="How long a gate may be silent, or its events on the way.")
    ] = 5,
    as_json: Json = False,
) -> None:
    """Show what HQ does not hold although it should. Exit code 2 if there is anything.

    That is: holes, journals that ended open or were not announced, gates that are silent or stuck, untrusted clocks.

    Example: sitegate-hq gaps --minutes 10
    """
    with opened(folder) as (_, _, _, store):
        found = find(gap_facts.journals(store), gap_facts.gates(store), now(), timedelta(minutes=minutes))
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
    """Add the command to `sitegate-hq`."""
    app.command()(gaps)
