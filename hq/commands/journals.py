"""`sitegate-hq events`, `verify` and `quarantine`: what HQ holds of the gates' journals."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import Table, styled
from hq.commands.console import out, print_json, print_table, show_events, time_text
from hq.commands.context import opened
from hq.commands.options import Folder, Json, id_of
from hq.commands.processes import stop_event
from hq.reports import report


def events(
    folder: Folder = Path(),
    gate: Annotated[str | None, typer.Option("--gate", help="Only this gate.", callback=id_of("gate"))] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Then wait for more.")] = False,
    as_json: Json = False,
) -> None:
    """The events HQ holds, oldest first. A time that was corrected, because the gate's clock was set later, is marked.

    Example: sitegate-hq events --gate gate-1 --follow
    """
    with opened(folder) as (_, _, _, store):
        rows = report.events(store, gate_id=gate, limit=limit)
        show_events(rows, as_json=as_json)
        stop = stop_event() if follow else None
        last = rows[-1].id if rows else 0
        while stop is not None and not stop.wait(0.5):
            rows = report.events(store, gate_id=gate, after_id=last, limit=100_000)
            show_events(rows, as_json=as_json)
            last = rows[-1].id if rows else last


def verify(folder: Folder = Path(), as_json: Json = False) -> None:
    """Check the hash chain of every journal from its first event. Exit code 2 if one is not whole.

    Example: sitegate-hq verify
    """
    with opened(folder) as (_, people, _, store):
        verdicts, aside = report.verdicts(store, people.cipher), report.quarantine(store)
    if as_json:
        print_json([{**asdict(v), "ok": v.ok} for v in verdicts])
    else:
        _show_verdicts(verdicts)
        if aside:
            out.print(styled((f"{len(aside)} payloads in quarantine: sitegate-hq quarantine", "red")))
    if not all(v.ok for v in verdicts):
        raise typer.Exit(2)


def quarantine(folder: Folder = Path(), as_json: Json = False) -> None:
    """What came from gates and did not verify, newest first.

    Example: sitegate-hq quarantine
    """
    with opened(folder) as (_, _, _, store):
        rows = report.quarantine(store)
    if as_json:
        return print_json([asdict(row) for row in rows])
    table = Table("received", "gate", "epoch", "seq", "gate told", "what is wrong")
    for row in rows:
        times = time_text(row.received_utc), time_text(row.told_utc)
        table.add_row(times[0], row.gate_id, row.epoch, str(row.seq), times[1], row.reason)
    return print_table(table)


def register_events(app: typer.Typer) -> None:
    """Add `events` to `sitegate-hq`."""
    app.command()(events)


def register_checks(app: typer.Typer) -> None:
    """Add `verify` and `quarantine` to `sitegate-hq`."""
    app.command()(verify)
    app.command()(quarantine)


def _show_verdicts(verdicts: list[report.ChainVerdict]) -> None:
    for v in verdicts:
        state = "chain verified" if v.ok else f"NOT verified: {v.problem or 'events are missing'}"
        held = f"{v.gate_id} epoch {v.epoch}: HQ holds {v.held} of {v.last_seq} events, "
        out.print(styled(held, (state, "" if v.ok else "red")))
        if v.erased:
            out.print(f"  {v.erased} enrolments without what was sealed in them, erased by HQ", highlight=False)
        if v.newer:
            out.print(f"  {v.newer} events of a newer version: update sitegate-hq, it reads them then", highlight=False)
    if not verdicts:
        out.print("no events yet")
