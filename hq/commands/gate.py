"""`sitegate-hq gate`: which gates HQ knows by their keys, and how one is registered or revoked."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from common.terminal.console import Table
from contract.signing import BadKey, signing_publics
from hq.commands.console import out, print_json, print_table, time_text
from hq.commands.context import opened
from hq.commands.options import ByOption, Folder, GateArgument, Json, id_of
from hq.commands.undelivered import refuse_undelivered
from hq.database.gate_reports import gate_reports
from hq.database.sites import gate_name_rows
from hq.database.store import Store
from hq.keys import keys
from hq.registry.gates import GateRegistry, RegistryRefused, registrations, written_fingerprint
from hq.registry.registered_gate import RegisteredGate

app = typer.Typer(
    help="The gates that HQ accepts events from: register, show, rename, retire, revoke.", no_args_is_help=True
)

SiteOption = Annotated[str, typer.Option("--site", help="The gate's site.", callback=id_of("site"))]
Replace = Annotated[bool, typer.Option("--replace", help="Replace the keys that the gate is registered with.")]


@app.command()
def code(
    gate: GateArgument,
    site: SiteOption,
    by: ByOption,
    folder: Folder = Path(),
    valid_min: Annotated[float, typer.Option(min=1, max=24 * 60, help="How long the code is valid.")] = 60,
    replace: Replace = False,
) -> None:
    """Print a code that registers one gate once: type it there, with `sitegate register CODE`.

    Example: sitegate-hq gate code gate-1 --site site-1 --by manager-7
    """
    with opened(folder) as (config, _, _, store):
        registry = GateRegistry(store, keys.load(config.folder))
        made = registry.invite(gate, site, by=by, valid_s=60 * valid_min, replaces=replace)
    out.print(f"{made.code}", highlight=False)
    out.print(
        f"for {site}/{gate}, once, until {time_text(made.expires_utc)}; at the gate: sudo sitegate register {made.code}",
        highlight=False,
    )


@app.command()
def add(
    gate: GateArgument,
    site: SiteOption,
    by: ByOption,
    folder: Folder = Path(),
    key: Annotated[Path | None, typer.Option("--key", help="The file of `sitegate key show --to FILE`.")] = None,
    fingerprint: Annotated[
        str | None, typer.Option("--fingerprint", help="As read aloud from `sitegate key show`.")
    ] = None,
    valid_min: Annotated[
        float, typer.Option(min=1, max=24 * 60, help="The gate must send its keys within this time.")
    ] = 60,
    replace: Replace = False,
) -> None:
    """Register a gate by a file with its public keys, or by the fingerprint of its keys.

    Example: sitegate-hq gate add gate-1 --site site-1 --key gate-1.pub.pem --by manager-7
    """
    if (key is None) == (fingerprint is None):
        raise typer.BadParameter("give one of both", param_hint="--key, --fingerprint")
    with opened(folder) as (config, _, _, store):
        registry = GateRegistry(store, keys.load(config.folder))
        if key is not None:
            made = registry.add(gate, site, *_read(key), by=by, replaces=replace)
            return out.print(f"{gate} is registered for {site}: {made.fingerprint}", highlight=False)
        try:
            typed = written_fingerprint(fingerprint or "")
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--fingerprint") from error
        made_until = registry.invite(
            gate, site, by=by, valid_s=60 * valid_min, replaces=replace, fingerprint=typed
        ).expires_utc
    return out.print(
        f"{site}/{gate} may register with these keys until {time_text(made_until)}; at the gate: sudo sitegate register",
        highlight=False,
    )


@app.command("list")
def list_(
    folder: Folder = Path(),
    revoked: Annotated[bool, typer.Option("--all", help="Also those that were revoked or replaced.")] = False,
    as_json: Json = False,
) -> None:
    """Every registered gate: site, fingerprint, since when, by whom.

    Example: sitegate-hq gate list
    """
    with opened(folder) as (_, _, _, store):
        rows = [row for row in _every(store) if revoked or row.revoked_utc is None]
        with store.read() as db:
            names = {gate_id: named.name for gate_id, named in gate_name_rows(db).items()}
    if as_json:
        return print_json([{**_json(row), "name": names.get(row.gate_id, "")} for row in rows])
    table = Table("site", "gate", "name", "fingerprint", "since", "by", "how", "revoked")
    for row in rows:
        end = f"{time_text(row.revoked_utc)} by {row.revoked_by}: {row.why}" if row.revoked_utc else ""
        since = time_text(row.since_utc)
        table.add_row(
            row.site_id, row.gate_id, names.get(row.gate_id, ""), row.fingerprint, since, row.added_by, row.how, end
        )
    return print_table(table)


@app.command()
def show(gate: GateArgument, folder: Folder = Path()) -> None:
    """One gate with all its registrations, the present one last.

    Example: sitegate-hq gate show gate-1
    """
    with opened(folder) as (_, _, _, store):
        rows = _every(store, gate)
    if not rows:
        raise RegistryRefused(f"{gate} was never registered: sitegate-hq gate code {gate} --site SITE --by YOU")
    print_json([_json(row) for row in rows])


@app.command()
def revoke(
    gate: GateArgument,
    by: ByOption,
    why: Annotated[str, typer.Option("--why", help="The reason; it is recorded.")],
    folder: Folder = Path(),
) -> None:
    """Accept nothing of this gate from now on: it was stolen, taken down, or gets a new card.

    Example: sitegate-hq gate revoke gate-1 --by manager-7 --why "card stolen"
    """
    with opened(folder) as (config, _, _, store):
        found = GateRegistry(store, keys.load(config.folder)).revoke(gate, by=by, why=why)
    out.print(f"{found.site_id}/{gate} is revoked: {found.fingerprint}", highlight=False)


@app.command()
def rename(
    gate: GateArgument,
    name: Annotated[str, typer.Argument(help="What people call it from now on.")],
    by: ByOption,
    folder: Folder = Path(),
) -> None:
    """Change the name that people read. The id, which stands in every event, stays.

    Example: sitegate-hq gate rename gate-1 "North entrance" --by manager-7
    """
    with opened(folder) as (config, _, _, store):
        GateRegistry(store, keys.load(config.folder)).rename(gate, name, by=by)
    out.print(f"{gate} is called {name}" if name else f"{gate} has no name any more", highlight=False, markup=False)


@app.command()
def retire(
    gate: GateArgument,
    by: ByOption,
    folder: Folder = Path(),
    force: Annotated[bool, typer.Option("--force", help="Although it may hold events that HQ lacks.")] = False,
) -> None:
    """End a gate that was taken down: HQ takes nothing more of it, and misses no sign of life. Its events stay.

    Refused while it may hold events that HQ does not have. A stolen gate: sitegate-hq gate revoke.

    Example: sitegate-hq gate retire gate-1 --by manager-7
    """
    with opened(folder) as (config, _, _, store):
        with store.read() as db:
            refuse_undelivered([gate], gate_reports(db), force)
        GateRegistry(store, keys.load(config.folder)).retire(gate, by=by)
    out.print(f"{gate} is retired. Remove its keys there: the state folder's *.key.pem", highlight=False)


def register(main: typer.Typer) -> None:
    """Add the group to `sitegate-hq`."""
    main.add_typer(app, name="gate")


def _read(path: Path) -> tuple[bytes, bytes]:
    """Read the gate's key and its link key, in this order. Raises BadKey."""
    found = signing_publics(path)
    if len(found) != 2:
        raise BadKey(f"{path} holds {len(found)} keys, not the two of a gate: sitegate key show --to FILE")
    gate_key, link_key = (one.public_bytes_raw() for one in found)
    return gate_key, link_key


def _every(store: Store, gate_id: str | None = None) -> list[RegisteredGate]:
    with store.read() as db:
        return registrations(db, gate_id)


def _json(row: RegisteredGate) -> dict[str, Any]:
    said: dict[str, str | datetime | None] = {
        name: getattr(row, name) for name in RegisteredGate.__slots__ if name not in ("gate_key", "link_key")
    }
    return {**said, "fingerprint": row.fingerprint, "gate_key": row.gate_key.hex(), "link_key": row.link_key.hex()}
