"""`sitegate-hq keys`: which keys there are, who holds them, and how one follows another."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from contract.messages import ListKind
from contract.signing import BadKey
from contract.terminal.console import Table, styled
from hq.commands.console import err, out, print_json, print_table
from hq.commands.context import Folder, opened
from hq.config import HqConfig
from hq.database.store import Store
from hq.keys import keys, rotation
from hq.keys.encryption import AtRestError
from hq.keys.rotation import RotationRefused
from hq.lists.publisher import Publisher
from hq.reports import report

AT_REST = "at-rest"

app = typer.Typer(help="HQ's keys and the sites': show, and change without a gap.", invoke_without_command=True)
What = Annotated[str, typer.Argument(help="signing, sealing, or a site.")]
Force = Annotated[bool, typer.Option("--force", help="Although gates are named that are not ready.")]


@dataclass(frozen=True, slots=True)
class _Row:
    """`lacking`: gates that have not told that they hold the key."""

    what: str
    key: str
    state: str
    lacking: list[str]


@app.callback()
def show(
    context: typer.Context,
    folder: Folder = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Every key by its id: what for, in use or standing by, and which gates lack it.

    Example: sitegate-hq keys
    """
    context.obj = folder
    if context.invoked_subcommand is not None:
        return
    with opened(folder) as (config, _people, publisher, store):
        rows = _rows(config, publisher.keys, store)
        exposed = rotation.readable_by_others(publisher.keys.folder)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        table = Table("for", "key", "state", "gates that lack it")
        for row in rows:
            table.add_row(row.what, row.key, row.state, ", ".join(row.lacking))
        print_table(table)
    for path in exposed:
        err.print(styled(("warning:", "yellow"), f" others may read {path}: chmod 600 {path}"))


@app.command("next")
def next_(context: typer.Context, what: What, folder: Folder = Path()) -> None:
    """Make the next key. It stands by; what follows is printed: copy a file to the gates, and switch with `use`.

    Example: sitegate-hq keys next signing
    """
    with opened(_folder(context, folder)) as (config, _people, publisher, _store):
        place = publisher.keys.folder
        key = rotation.add(place, _known(what, config))
        public = what in ("signing", "sealing")
        path = keys.public_path(place, what) if public else keys.private_path(place, what)
    gates, switch = "every gate" if public else f"every gate of {what}", f"sitegate-hq keys use {what} {key}"
    copy = f"copy {path} to {gates}"
    # Gates seal with the first key of that file: HQ's order decides, so it must be switched before it is copied.
    steps = (switch, copy) if what == "sealing" else (copy, switch)
    out.print(f"{what}: key {key} stands by. First: {steps[0]}; then: {steps[1]}", soft_wrap=True)


@app.command()
def use(
    context: typer.Context,
    what: What,
    key: Annotated[str, typer.Argument(help="Its id, or how it begins.")],
    folder: Folder = Path(),
    force: Force = False,
) -> None:
    """Switch to a key that stands by, and sign the lists anew. Refused while a gate has not told that it holds the key.

    Example: sitegate-hq keys use signing 0123456789abcdef
    """
    with opened(_folder(context, folder)) as (config, _people, publisher, store):
        place = publisher.keys.folder
        chosen = rotation.full_id(place, _known(what, config), key)
        if what != "sealing":
            lacking = rotation.lacking(report.gates(store), what, chosen)
            _refuse(lacking, f"gates that have not told that they hold key {chosen}", force)
        rotation.use(place, what, chosen)
        out.print(f"{what}: key {chosen} is in use", highlight=False)
        if what != "sealing":
            _publish(publisher, config.sites if what == "signing" else (what,))


@app.command()
def retire(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="signing, sealing, a site, or at-rest.")],
    key: Annotated[str, typer.Argument(help="Its id, or how it begins.")],
    folder: Folder = Path(),
    force: Force = False,
) -> None:
    """Forget a key that is no longer in use. Refused while a gate may still need it.

    Example: sitegate-hq keys retire signing 0123456789abcdef
    """
    with opened(_folder(context, folder)) as (config, _people, publisher, store):
        place = publisher.keys.folder
        if what == AT_REST:
            rotation.retire_at_rest(place, store, key)
        else:
            rotation.full_id(place, _known(what, config), key)
            gates = report.gates(store)
            if what == "sealing":
                _refuse(
                    rotation.undelivered(gates),
                    "gates that have not delivered all events, enrolments maybe among them",
                    force,
                )
            else:
                behind = rotation.behind(gates, what, publisher.newest_versions())
                _refuse(behind, "gates that do not have the newest lists in force", force)
                outdated = publisher.outdated(config.sites if what == "signing" else (what,))
                _refuse(
                    outdated, "lists that were made with another key than the one in use (sitegate-hq publish)", force
                )
            rotation.retire(place, what, key)
    todo = "" if what == AT_REST else "; copy the file to the gates once more"
    out.print(f"{what}: key {key} is retired{todo}", highlight=False)


@app.command()
def rotate(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="at-rest: the only key that is changed in one step.")],
    folder: Folder = Path(),
) -> None:
    """Make a new at-rest key and encrypt the database anew with it, in one transaction.

    Example: sitegate-hq keys rotate at-rest
    """
    _only_at_rest(what)
    with opened(_folder(context, folder)) as (_config, _people, publisher, store):
        counts = rotation.rotate_at_rest(publisher.keys.folder, store)
    told = ", ".join(f"{count} of {name}" for name, count in counts.items())
    out.print(
        f"encrypted anew: {told}. Back the key file up, then retire the old key (sitegate-hq keys)", soft_wrap=True
    )


@app.command()
def lost(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="at-rest.")],
    folder: Folder = Path(),
    yes: Annotated[bool, typer.Option("--yes", help="Delete what nobody can read any more.")] = False,
) -> None:
    """After the at-rest key was lost for good: delete what it encrypted, so that people can be imported again.

    Example: sitegate-hq keys lost at-rest --yes
    """
    _only_at_rest(what)
    if not yes:
        raise typer.BadParameter(
            "this deletes workers, templates and lists that no key opens: --yes", param_hint="--yes"
        )
    with opened(_folder(context, folder)) as (_config, _people, publisher, store):
        counts = rotation.forget_unreadable(publisher.keys.folder, store)
    out.print("deleted: " + ", ".join(f"{count} of {name}" for name, count in counts.items()), highlight=False)


def register(parent: typer.Typer) -> None:
    parent.add_typer(app, name="keys")


def _rows(config: HqConfig, held: keys.HqKeys, store: Store) -> list[_Row]:
    gates, found = report.gates(store), []
    for what in ("signing", "sealing", *config.sites):
        for key in rotation.held(held.folder, what):
            lacking = [] if what == "sealing" else rotation.lacking(gates, what, key.id)
            found.append(_Row(what, key.id, _state(key.in_use), lacking))
    at_rest = enumerate(held.at_rest.current().ids)
    return found + [_Row(AT_REST, key_id, "replaced" if number else "in use", []) for number, key_id in at_rest]


def _state(in_use: bool) -> str:
    return "in use" if in_use else "stands by"


def _folder(context: typer.Context, folder: Path) -> Path:
    """`--dir` before or after the subcommand's name."""
    return folder if folder != Path() else context.obj or folder


def _known(what: str, config: HqConfig) -> str:
    if what not in ("signing", "sealing", *config.sites):
        raise BadKey(f"{what!r} has no keys; known: signing, sealing, {', '.join(config.sites)}")
    return what


def _only_at_rest(what: str) -> None:
    if what != AT_REST:
        raise BadKey(f"{what!r} is not changed like this: sitegate-hq keys next {what}; only at-rest is")


def _refuse(those: list[str], why: str, force: bool) -> None:
    if those and not force:
        raise RotationRefused(f"{why}: {', '.join(those)}. See to them first, or go on all the same: --force")


def _publish(publisher: Publisher, sites: tuple[str, ...]) -> None:
    """All that can be: one site's trouble, told at the end, must not leave the others under the old key."""
    failures: list[str] = []
    for site in sites:
        for kind in ListKind:
            try:
                out.print(f"{site}: {kind.value} version {publisher.publish(site, kind)}", highlight=False)
            except (AtRestError, BadKey, ValueError) as error:
                failures.append(f"{site}: {kind.value}: {error}")
    if failures:
        raise RotationRefused("the key is in use, but not published anew: " + "; ".join(failures))
