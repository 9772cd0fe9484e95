"""`sitegate-hq gaps`: what HQ does not hold, and who knows of it."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from common.terminal.console import Table
from hq.commands.console import out, print_json, print_table
from hq.commands.context import opened
from hq.commands.options import Folder, Json
from hq.commands.times import local_text
from hq.database.gap_acknowledgements import GapAcknowledgement
from hq.reports.gaps import Gap
from hq.reports.known_gaps import acknowledge as acknowledge_gap
from hq.reports.known_gaps import all_gaps

app = typer.Typer(
    help="Show what HQ does not hold although it should, and acknowledge it.",
    epilog="Example: sitegate-hq gaps --minutes 10",
    invoke_without_command=True,
)

Minutes = Annotated[float, typer.Option(min=0.1, help="How long a gate may be silent, or its events on the way.")]


@app.callback()
def gaps(context: typer.Context, folder: Folder = Path(), minutes: Minutes = 5, as_json: Json = False) -> None:
    """Show what HQ does not hold although it should. Exit code 2 if there is anything that nobody acknowledged.

    That is: holes, lost events, journals that ended open or were not announced, silent or stuck gates, untrusted
    clocks.
    """
    context.obj = folder
    if context.invoked_subcommand is not None:
        return
    with opened(folder) as (_, _, _, store):
        found = all_gaps(store, timedelta(minutes=minutes))
    unknown = [gap for gap, known in found if known is None]
    if as_json:
        print_json([_as_json(gap, known) for gap, known in found])
    else:
        _show(unknown, [(gap, known) for gap, known in found if known is not None])
    if unknown:
        raise typer.Exit(2)


@app.command()
def acknowledge(
    context: typer.Context,
    gap: Annotated[str, typer.Argument(help="The gap's id, or its beginning.")],
    by: Annotated[str, typer.Option(help="Who knows of it; it is recorded.")],
    why: Annotated[str, typer.Option(help="Why it may stay; it is recorded.")],
    folder: Folder = Path(),
    minutes: Minutes = 5,
) -> None:
    """Acknowledge a gap: it is listed apart, and no longer makes exit code 2. It comes back when it grows.

    Example: sitegate-hq gaps acknowledge 4f0c91ab --by manager-7 --why "old card, kept in the safe"
    """
    with opened(folder if folder != Path() else context.obj or folder) as (_, _, _, store):
        found = [one for one, _ in all_gaps(store, timedelta(minutes=minutes))]
        known = acknowledge_gap(store, found, gap, by=by, why=why)
    out.print(f"acknowledged {known.id}: {known.kind.value} of {known.site_id}/{known.gate_id}", highlight=False)


def register(root: typer.Typer) -> None:
    """Add the commands to `sitegate-hq`."""
    root.add_typer(app, name="gaps")


def _as_json(gap: Gap, known: GapAcknowledgement | None) -> dict[str, Any]:
    acknowledged = {"by": known.acknowledged_by, "why": known.why, "utc": known.acknowledged_utc} if known else None
    return {**asdict(gap), "id": gap.id, "acknowledged": acknowledged}


def _show(unknown: list[Gap], known: list[tuple[Gap, GapAcknowledgement]]) -> None:
    if unknown:
        table = Table("id", "what", "site", "gate", "epoch", "events", "which means")
        for gap in unknown:
            table.add_row(gap.id, gap.kind.value, gap.site_id, gap.gate_id, gap.epoch, _missing(gap), gap.detail)
        print_table(table)
        out.print('for one that may stay: sitegate-hq gaps acknowledge ID --by WHO --why "..."')
    else:
        out.print("no gaps: HQ holds everything it knows of" if not known else "no gaps but the acknowledged ones")
    if known:
        table = Table("id", "acknowledged", "site", "gate", "epoch", "events", "by", "why")
        for gap, held in known:
            place = gap.site_id, gap.gate_id, gap.epoch, _missing(gap)
            table.add_row(gap.id, f"{gap.kind.value}, {local_text(held.acknowledged_utc)}", *place, *_who(held))
        print_table(table)


def _who(held: GapAcknowledgement) -> tuple[str, str]:
    return held.acknowledged_by, held.why


def _missing(gap: Gap) -> str:
    return str(gap.missing) if gap.missing else ""
