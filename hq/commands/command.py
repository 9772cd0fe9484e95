"""`sitegate-hq command`: order one gate to do something once."""

import time
from pathlib import Path
from typing import Annotated

import typer

from contract.messages import Command, CommandAction
from hq.commands.console import err, out, time_text
from hq.commands.context import opened
from hq.commands.options import Folder, GateArgument, id_of
from hq.commands.order_text import signed_by
from hq.database.clock import now
from hq.database.store import Store
from hq.lists.command_queue import CommandQueue
from hq.lists.command_sender import answer, still_open
from hq.reports import report


def command(
    gate: GateArgument,
    action: Annotated[str, typer.Argument(help="open-once, lock-down, release-lock-down, resync or reboot.")],
    why: Annotated[str, typer.Option(help="The reason; it is recorded at the gate.")],
    by: Annotated[str, typer.Option(help="Who gives the order.")],
    folder: Folder = Path(),
    site: Annotated[
        str | None, typer.Option(help="The gate's site; needed if it never reported.", callback=id_of("site"))
    ] = None,
    valid_s: Annotated[float, typer.Option(min=1, max=900, help="The gate refuses it after so long.")] = 30,
    wait_s: Annotated[
        float, typer.Option(min=0, max=900, help="Wait so long for the gate's answer; 0: not at all.")
    ] = 15,
) -> None:
    """Order one gate to do something once. The running HQ sends it; a gate that is away never gets it.

    Exit code 0 only if the gate says that it did it (with --wait-s 0: if the order is queued).

    Example: sitegate-hq command gate-1 open-once --why "delivery, checked by phone" --by manager-7
    """
    wanted = _action(action)
    by, why = signed_by(by, why)
    with opened(folder) as (_, _, publisher, store):
        found = site or _site_of(store, gate)
        if found is None:
            raise typer.BadParameter("this gate never reported: name its --site", param_hint="GATE")
        newest = max((row.id for row in report.events(store, limit=1)), default=0)
        order = CommandQueue(store, publisher.keys).order(found, gate, wanted, why=why, by=by, valid_s=valid_s)
        until = time_text(order.expires_utc)
        out.print(f"command {order.command_id} for {found}/{gate}, valid until {until}", highlight=False)
        if wait_s:
            _await_answer(store, order, newest, wait_s)


def register(app: typer.Typer) -> None:
    """Add the command to `sitegate-hq`."""
    app.command()(command)


def _action(text: str) -> CommandAction:
    try:
        return CommandAction(text.replace("-", "_"))
    except ValueError as error:
        known = ", ".join(a.value.replace("_", "-") for a in CommandAction)
        raise typer.BadParameter(f"{text!r} is unknown; known: {known}", param_hint="ACTION") from error


def _site_of(store: Store, gate_id: str) -> str | None:
    return next((row.site_id for row in report.gates(store) if row.gate_id == gate_id), None)


def _await_answer(store: Store, order: Command, newest: int, wait_s: float) -> None:
    """Show what became of an order. Exit code 1 unless the gate executed it."""
    until = time.monotonic() + wait_s
    while (found := answer(store, order, newest)).done is None and time.monotonic() < until:
        time.sleep(0.2)
    if found.done:
        return out.print(found.text, highlight=False, markup=False)
    err.print(found.text if found.done is False else still_open(order, found, now()), markup=False)
    raise typer.Exit(1)
