"""`sitegate-hq lock-down`, `release-lock-down` and `lock-downs`: lock a whole site, with a receipt for each gate."""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import styled
from hq.commands.console import out, print_json
from hq.commands.context import opened
from hq.commands.options import Folder, Json, id_of
from hq.commands.order_text import signed_by
from hq.commands.times import local_text
from hq.config import HqConfig
from hq.database.store import Store
from hq.ingest.senders import SenderCheck
from hq.keys.keys import HqKeys
from hq.lists.lock_downs import LockDownReceipt, SiteLockDown, SiteLockDowns

SiteArgument = Annotated[str, typer.Argument(help="The site.", callback=id_of("site"))]
By = Annotated[str, typer.Option(help="Who gives the order.")]
Why = Annotated[str, typer.Option(help="The reason; it is recorded at every gate.")]
Wait = Annotated[float, typer.Option(min=0, max=900, help="Wait so long for the gates' answers; 0: not at all.")]


def lock_down(
    site: SiteArgument, why: Why, by: By, folder: Folder = Path(), wait_s: Wait = 15, as_json: Json = False
) -> None:
    """Lock every gate of a site down, until release-lock-down. A gate that connects later is locked down then.

    Prints a receipt for each gate. Exit code 0 only if every gate says that it is locked down.

    Example: sitegate-hq lock-down site-1 --why "fire brigade at work" --by manager-7
    """
    by, why = signed_by(by, why)
    with opened(folder) as (config, _, publisher, store):
        lock_downs = _lock_downs(config, store, publisher.keys)
        ordered = lock_downs.order(site, by=by, why=why)
        _show_receipts(ordered, _settled(lock_downs, ordered, wait_s), as_json)


def release_lock_down(
    site: SiteArgument, why: Why, by: By, folder: Folder = Path(), wait_s: Wait = 15, as_json: Json = False
) -> None:
    """Release a site that was locked down. A gate that stays offline for 15 minutes stays locked; release it then.

    Prints a receipt for each gate. Exit code 0 only if every gate says that it is released.

    Example: sitegate-hq release-lock-down site-1 --why "fire brigade has left" --by manager-7
    """
    by, why = signed_by(by, why)
    with opened(folder) as (config, _, publisher, store):
        lock_downs = _lock_downs(config, store, publisher.keys)
        released = lock_downs.release(site, by=by, why=why)
        _show_receipts(released, _settled(lock_downs, released, wait_s), as_json)


def lock_downs(
    folder: Folder = Path(),
    site: Annotated[
        str | None,
        typer.Option("--site", help="The newest of this site, also a released one.", callback=id_of("site")),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the lock-downs of sites that stand, and how far each gate is. Exit code 1 if a gate is not done.

    Example: sitegate-hq lock-downs --site site-1
    """
    with opened(folder, site) as (config, _, publisher, store):
        known = _lock_downs(config, store, publisher.keys)
        newest = known.newest(site) if site else None
        found = ([newest] if newest else []) if site else known.standing()
        receipts = {one.id: known.receipts(one) for one in found}
    if as_json:
        print_json([_as_json(one, receipts[one.id]) for one in found])
    elif not found:
        out.print(f"{site} was never locked down" if site else "no site is locked down")
    else:
        for one in found:
            _print_receipts(one, receipts[one.id])
    if not all(receipt.done for some in receipts.values() for receipt in some):
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add the commands to `sitegate-hq`."""
    for name, command in (
        ("lock-down", lock_down),
        ("release-lock-down", release_lock_down),
        ("lock-downs", lock_downs),
    ):
        app.command(name)(command)


def _lock_downs(config: HqConfig, store: Store, keys: HqKeys) -> SiteLockDowns:
    return SiteLockDowns(store, keys, SenderCheck(config.gates.unsigned_until).takes_unregistered)


def _settled(known: SiteLockDowns, wanted: SiteLockDown, wait_s: float) -> list[LockDownReceipt]:
    """Wait for the answers of all connected gates, and return the receipts."""
    until = time.monotonic() + wait_s
    found = known.receipts(wanted)
    while not all(receipt.settled for receipt in found) and time.monotonic() < until:
        time.sleep(0.2)
        found = known.receipts(wanted)
    return found


def _show_receipts(wanted: SiteLockDown, found: list[LockDownReceipt], as_json: bool) -> None:
    if as_json:
        print_json(_as_json(wanted, found))
    else:
        _print_receipts(wanted, found)
    if not all(receipt.done for receipt in found):
        raise typer.Exit(1)


def _as_json(wanted: SiteLockDown, found: list[LockDownReceipt]) -> dict[str, object]:
    return {**asdict(wanted), "gates": [{**asdict(receipt), "done": receipt.done} for receipt in found]}


def _print_receipts(wanted: SiteLockDown, found: list[LockDownReceipt]) -> None:
    """Print the receipts, those first that need somebody."""
    done, word = sum(receipt.done for receipt in found), "released" if wanted.released_utc else "locked down"
    when = local_text(wanted.released_utc or wanted.ordered_utc)
    headline = f"{wanted.site_id}: {done} of {len(found)} gates {word}"
    out.print(styled((headline, "" if done == len(found) else "red"), f", ordered {when}"), highlight=False)
    out.print(f"  lock-down by {wanted.by}: {wanted.why}")
    for receipt in sorted(found, key=lambda one: (one.done, one.gate_id)):
        out.print(styled(f"  {receipt.gate_id}: ", (receipt.text, "" if receipt.done else "red")), highlight=False)
    if not wanted.released_utc:
        out.print(f"It stands until: sitegate-hq release-lock-down {wanted.site_id} --why WHY --by WHO")
