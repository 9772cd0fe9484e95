"""`sitegate-hq events`, `verify` and `quarantine`: what HQ holds of the gates' journals."""

from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import Table, styled
from contract.messages import Direction
from hq.commands.console import err, out, print_json, print_table, show_events, time_text
from hq.commands.context import opened
from hq.commands.options import Folder, Json, id_of
from hq.commands.processes import stop_event
from hq.commands.times import WRITTEN, typed_time
from hq.database.clock import now
from hq.database.event_search import EventFilter
from hq.database.queued_commands import newest_event_id
from hq.reports import listed_events, report

SEARCHED = timedelta(days=7)
"""How far back a search goes that nothing else narrows."""


def events(
    folder: Folder = Path(),
    gate: Annotated[str | None, typer.Option("--gate", help="Only of this gate.", callback=id_of("gate"))] = None,
    worker: Annotated[
        str | None, typer.Option("--worker", help="Only of this worker.", callback=id_of("worker"))
    ] = None,
    site: Annotated[str | None, typer.Option("--site", help="Only of this site.", callback=id_of("site"))] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Only with this reason, outcome or code.")] = None,
    direction: Annotated[Direction | None, typer.Option("--direction", help="Only the way in, or out.")] = None,
    since: Annotated[str | None, typer.Option("--since", help=f"From this time on: {WRITTEN}.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Before this time.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Then wait for more.")] = False,
    as_json: Json = False,
) -> None:
    """The events HQ holds, oldest first, with place and direction, in this machine's time zone.

    A time that was corrected, because the gate's clock was set later, is marked. --reason and --direction alone look
    through the last 7 days.

    Example: sitegate-hq events --worker w-17 --since yesterday --direction in
    """
    begin, end = typed_time(since, "--since", now()), typed_time(until, "--until", now())
    wanted = EventFilter(worker, site, gate, reason and reason.replace("-", "_"), direction, begin, end)
    if (reason or direction) and not wanted.by_index:
        wanted = replace(wanted, since=now() - SEARCHED)
        err.print(f"the last {SEARCHED.days} days; for earlier ones: --since")
    with opened(folder, site) as (_, _, _, store):
        with store.read() as db:
            last = newest_event_id(db)
        show_events(listed_events.events(store, wanted, limit=limit), as_json=as_json)
        stop = stop_event() if follow else None
        while stop is not None and not stop.wait(0.5):
            with store.read() as db:
                newest = newest_event_id(db)
            if newest > last:
                show_events(listed_events.events(store, wanted, after_id=last, limit=newest - last), as_json=as_json)
                last = newest


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
        if v.removed:
            out.print(f"  {v.removed} events before them were removed by age ([events] keep_days)", highlight=False)
        if v.erased:
            out.print(f"  {v.erased} enrolments without what was sealed in them, erased by HQ", highlight=False)
        if v.newer:
            out.print(f"  {v.newer} events of a newer version: update sitegate-hq, it reads them then", highlight=False)
    if not verdicts:
        out.print("no events yet")
