"""`sitegate-hq command`: order one gate to do something once, and see what came of it."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from common.terminal.console import Table
from contract.messages import Command, CommandAction
from hq.commands.console import err, out, print_json, print_table
from hq.commands.context import opened
from hq.commands.options import Folder, GateArgument, Json, id_of
from hq.commands.order_text import signed_by
from hq.commands.times import local_text
from hq.database.clock import now
from hq.database.queued_commands import commands_like, newest_commands, newest_event_id
from hq.database.store import Store
from hq.lists.command_answers import CommandAnswer, answer, given_answer, still_open
from hq.lists.command_queue import CommandQueue, GivenCommand
from hq.lists.lock_downs import SiteLockDowns
from hq.reports import report

_GIVE = "give"


class GateFirst(TyperGroup):
    """Reads `command GATE ACTION` as `command give GATE ACTION`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help", "-h"):
            args = [_GIVE, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    help="Order one gate to do something once: sitegate-hq command GATE ACTION --why WHY --by WHO. See what came of it.",
    epilog="Example: sitegate-hq command give gate-1 lock-down --why 'crane at work' --by manager-7",
    cls=GateFirst,
    no_args_is_help=True,
)


@dataclass(frozen=True, slots=True)
class _Shown:
    given: GivenCommand
    answer: CommandAnswer


@app.command(_GIVE)
def give(
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
    """Order one gate to do something once. The running HQ sends it, to an offline gate when it connects in time.

    Exit code 0 only if the gate says that it did it (with --wait-s 0: if the order is queued). The word "give" may be
    left out.

    Example: sitegate-hq command give gate-1 open-once --why "delivery, checked by phone" --by manager-7
    """
    wanted = _action(action)
    by, why = signed_by(by, why)
    with opened(folder) as (_, _, publisher, store):
        found = site or _site_of(store, gate)
        if found is None:
            raise typer.BadParameter("this gate never reported: name its --site", param_hint="GATE")
        with store.read() as db:
            newest = newest_event_id(db)
        order = CommandQueue(store, publisher.keys).order(found, gate, wanted, why=why, by=by, valid_s=valid_s)
        until = local_text(order.expires_utc)
        out.print(f"command {order.command_id} for {found}/{gate}, valid until {until}", highlight=False)
        if wanted is CommandAction.RELEASE_LOCK_DOWN:
            _warn_of_site(SiteLockDowns(store, publisher.keys, lambda: False), found)
        if wait_s:
            _await_answer(store, order, newest, wait_s)


@app.command("list")
def list_(
    folder: Folder = Path(),
    gate: Annotated[str | None, typer.Option("--gate", help="Only of this gate.", callback=id_of("gate"))] = None,
    site: Annotated[str | None, typer.Option("--site", help="Only of this site.", callback=id_of("site"))] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 20,
    as_json: Json = False,
) -> None:
    """Show the commands that were given, newest first, and what came of each.

    Example: sitegate-hq command list --gate gate-1
    """
    with opened(folder, site) as (_, _, publisher, store), store.read() as db:
        rows = newest_commands(db, gate_id=gate, site_id=site, limit=limit)
        found = CommandQueue(store, publisher.keys).given(rows)
        shown = [_Shown(given, given_answer(db, given, now())) for given in found]
    if as_json:
        return print_json([_as_json(one) for one in shown])
    table = Table("command", "given", "gate", "what, by whom", "what came of it")
    for one in shown:
        order, place = one.given.command, f"{one.given.site_id}/{one.given.command.gate_id}"
        what = f"{order.action.value.replace('_', '-')}, {order.issued_by}"
        table.add_row(order.command_id[:8], local_text(order.issued_utc), place, what, one.answer.text)
    return print_table(table)


@app.command("show")
def show(
    command: Annotated[str, typer.Argument(help="The command, or the beginning of its id.")],
    folder: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Show one command and what came of it: queued, sent, done, refused, not delivered or expired.

    Exit code 0 if the gate executed it, 1 if it did not.

    Example: sitegate-hq command show 5f2a91c0
    """
    with opened(folder) as (_, _, publisher, store), store.read() as db:
        found = CommandQueue(store, publisher.keys).given(commands_like(db, command.strip()))
        if len(found) != 1:
            what = "several commands begin so" if found else "no such command"
            raise typer.BadParameter(f"{what}: see sitegate-hq command list", param_hint="COMMAND")
        shown = _Shown(found[0], given_answer(db, found[0], now()))
    if as_json:
        print_json(_as_json(shown))
    else:
        _print_one(shown)
    if not shown.answer.done:
        raise typer.Exit(1)


def register(root: typer.Typer) -> None:
    """Add the commands to `sitegate-hq`."""
    root.add_typer(app, name="command")


def _as_json(one: _Shown) -> dict[str, Any]:
    order = one.given.command
    return {
        **order.model_dump(mode="json", exclude={"type", "version"}),
        "site_id": one.given.site_id,
        "sent_utc": one.given.sent_utc,
        "state": one.answer.state.value,
        "text": one.answer.text,
    }


def _print_one(one: _Shown) -> None:
    order = one.given.command
    out.print(f"{order.action.value.replace('_', '-')} for {one.given.site_id}/{order.gate_id}: {one.answer.text}")
    out.print(f"  command {order.command_id}, by {order.issued_by}: {order.why}")
    out.print(f"  given {local_text(order.issued_utc)}, valid until {local_text(order.expires_utc)}")
    if one.given.sent_utc and one.given.outcome.delivery.value == "sent":
        out.print(f"  sent {local_text(one.given.sent_utc)}")


def _action(text: str) -> CommandAction:
    try:
        return CommandAction(text.replace("-", "_"))
    except ValueError as error:
        known = ", ".join(a.value.replace("_", "-") for a in CommandAction)
        raise typer.BadParameter(f"{text!r} is unknown; known: {known}", param_hint="ACTION") from error


def _site_of(store: Store, gate_id: str) -> str | None:
    return next((row.site_id for row in report.gates(store) if row.gate_id == gate_id), None)


def _warn_of_site(lock_downs: SiteLockDowns, site_id: str) -> None:
    if any(standing.site_id == site_id for standing in lock_downs.standing()):
        err.print(
            f"{site_id} is locked down as a whole: this gate is locked again when it connects. "
            f"To release the site: sitegate-hq release-lock-down {site_id}"
        )


def _await_answer(store: Store, order: Command, newest: int, wait_s: float) -> None:
    """Show what became of an order. Exit code 1 unless the gate executed it."""
    until = time.monotonic() + wait_s
    while (found := answer(store, order, newest)).done is None and time.monotonic() < until:
        time.sleep(0.2)
    if found.done:
        return out.print(found.text, highlight=False, markup=False)
    err.print(found.text if found.done is False else still_open(order, found, now()), markup=False)
    raise typer.Exit(1)
