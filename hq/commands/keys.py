"""`sitegate-hq keys`: show keys and which gates hold them, and change them."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import Table, styled
from contract.messages import DECISION_LISTS, ListKind
from contract.signing import BadKey
from hq.commands.console import err, out, print_json, print_table
from hq.commands.context import opened
from hq.commands.options import Folder, Json
from hq.database import at_rest
from hq.database.store import Store
from hq.keys import keys, rotation
from hq.keys.encryption import AtRestError
from hq.keys.keys import HqKey
from hq.keys.rotation import RotationRefused
from hq.lists.publisher import Publisher
from hq.registry.sites import SiteRegistry
from hq.reports import report
from hq.reports.key_readiness import behind, lacking, undelivered

app = typer.Typer(
    help="HQ's keys and the sites': show, and change without a gap.",
    epilog="Example: sitegate-hq keys",
    invoke_without_command=True,
)
What = Annotated[str, typer.Argument(help="signing, sealing, a site, or SITE.screen.")]
Force = Annotated[bool, typer.Option("--force", help="Go on although some gates are not ready.")]


@dataclass(frozen=True, slots=True)
class _Row:
    """One key. `lacking`: gates that have not reported that they hold it."""

    what: str
    key: str
    state: str
    lacking: list[str]


@app.callback()
def show(
    context: typer.Context,
    folder: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Show every key by its id: what for, in use or standing by, and which gates lack it."""
    context.obj = folder
    if context.invoked_subcommand is not None:
        return
    with opened(folder) as (_config, _people, publisher, store):
        rows = _rows(publisher.keys, store)
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
    """Make the next key, and print the next steps: copy a file to the gates, and switch with `use`.

    Example: sitegate-hq keys next signing
    """
    with opened(_folder(context, folder)) as (_config, _people, publisher, store):
        place = publisher.keys.folder
        key = rotation.add(place, _known(what, place, store))
        public = what in (HqKey.SIGNING, HqKey.SEALING)
        path = keys.public_path(place, what) if public else keys.private_path(place, what)
    gates, switch = (
        "every gate" if public else f"every gate of {keys.site_of(what)}",
        f"sitegate-hq keys use {what} {key}",
    )
    copy = f"copy {path} to {gates}"
    # Gates seal with the first key of that file: HQ's order decides, so it must be switched before it is copied.
    steps = (switch, copy) if what == HqKey.SEALING else (copy, switch)
    out.print(f"{what}: key {key} stands by. First: {steps[0]}; then: {steps[1]}", soft_wrap=True)


@app.command()
def use(
    context: typer.Context,
    what: What,
    key: Annotated[str, typer.Argument(help="Its id, or how it begins.")],
    folder: Folder = Path(),
    force: Force = False,
) -> None:
    """Switch to a key that is not used yet, and sign the lists again. Refused while a gate has not reported that it
    holds the key.

    Example: sitegate-hq keys use signing 0123456789abcdef
    """
    with opened(_folder(context, folder)) as (_config, _people, publisher, store):
        place = publisher.keys.folder
        chosen = rotation.full_id(place, _known(what, place, store), key)
        if what != HqKey.SEALING:
            _refuse(
                lacking(report.gates(store), what, chosen),
                f"gates that have not reported that they hold key {chosen}",
                force,
            )
        rotation.use(place, what, chosen)
        out.print(f"{what}: key {chosen} is in use", highlight=False)
        if what != HqKey.SEALING:
            _publish(publisher, SiteRegistry(store).active() if what == HqKey.SIGNING else (keys.site_of(what),))
        if what.endswith(keys.SCREEN_ENDING):
            out.print("screens do not report their keys: be sure that every gate has the file", highlight=False)


@app.command()
def retire(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="signing, sealing, a site, SITE.screen, or at-rest.")],
    key: Annotated[str, typer.Argument(help="Its id, or how it begins.")],
    folder: Folder = Path(),
    force: Force = False,
) -> None:
    """Forget a key that is no longer in use. Refused while a gate may still need it.

    Example: sitegate-hq keys retire signing 0123456789abcdef
    """
    with opened(_folder(context, folder)) as (_config, _people, publisher, store):
        place = publisher.keys.folder
        if what == HqKey.AT_REST:
            at_rest.retire_at_rest(place, store, key)
        else:
            rotation.full_id(place, _known(what, place, store), key)
            gates = report.gates(store)
            if what == HqKey.SEALING:
                _refuse(
                    undelivered(gates),
                    "gates that have not delivered all events, enrolments maybe among them",
                    force,
                )
            else:
                _refuse(
                    behind(gates, what, publisher.newest_versions()),
                    "gates that do not have the newest lists in force",
                    force,
                )
                sites = SiteRegistry(store).active() if what == HqKey.SIGNING else (keys.site_of(what),)
                outdated = publisher.outdated(sites)
                _refuse(
                    outdated, "lists that were made with another key than the one in use (sitegate-hq publish)", force
                )
            rotation.retire(place, what, key)
    todo = "" if what == HqKey.AT_REST else "; copy the file to the gates once more"
    out.print(f"{what}: key {key} is retired{todo}", highlight=False)


@app.command()
def rotate(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="at-rest: the only key that changes in one step.")],
    folder: Folder = Path(),
) -> None:
    """Make a new at-rest key and encrypt the database with it, in one transaction.

    Example: sitegate-hq keys rotate at-rest
    """
    _only_at_rest(what)
    with opened(_folder(context, folder)) as (_config, _people, publisher, store):
        counts = at_rest.rotate_at_rest(publisher.keys.folder, store)
    done = ", ".join(f"{count} of {name}" for name, count in counts.items())
    out.print(
        f"encrypted again: {done}. Back the key file up, then retire the old key (sitegate-hq keys)", soft_wrap=True
    )


@app.command()
def lost(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="at-rest.")],
    folder: Folder = Path(),
    yes: Annotated[bool, typer.Option("--yes", help="Delete what no key can read.")] = False,
) -> None:
    """Delete what a lost at-rest key encrypted, so that people can be imported again.

    Example: sitegate-hq keys lost at-rest --yes
    """
    _only_at_rest(what)
    if not yes:
        raise typer.BadParameter(
            "this deletes workers, templates and lists that no key opens: --yes", param_hint="--yes"
        )
    with opened(_folder(context, folder)) as (_config, _people, publisher, store):
        counts = at_rest.remove_unreadable(publisher.keys.folder, store)
    out.print("deleted: " + ", ".join(f"{count} of {name}" for name, count in counts.items()), highlight=False)


def register(parent: typer.Typer) -> None:
    """Add the group to `sitegate-hq`."""
    parent.add_typer(app, name="keys")


def _rows(held: keys.HqKeys, store: Store) -> list[_Row]:
    gates, found = report.gates(store), []
    for what in (HqKey.SIGNING, HqKey.SEALING, *_of_sites(held.folder, store)):
        for key in rotation.held(held.folder, what):
            missing = [] if what == HqKey.SEALING else lacking(gates, what, key.id)  # screens report nothing
            found.append(_Row(what, key.id, _state(key.in_use), missing))
    ids = enumerate(held.at_rest.current().ids)
    return found + [_Row(HqKey.AT_REST, key_id, "replaced" if number else "in use", []) for number, key_id in ids]


def _state(in_use: bool) -> str:
    return "in use" if in_use else "stands by"


def _folder(context: typer.Context, folder: Path) -> Path:
    """Return `--dir`, given before or after the subcommand's name."""
    return folder if folder != Path() else context.obj or folder


def _of_sites(place: Path, store: Store) -> tuple[str, ...]:
    """Name the key pairs of sites: each site's, and its screens'. An older site gets the second one now."""
    sites = SiteRegistry(store).active()
    for site in sites:
        if keys.public_path(place, site).exists():
            keys.make_screen_pair(place, site)
    screens = tuple(screen for screen in map(keys.screen_of, sites) if keys.public_path(place, screen).exists())
    return (*sites, *screens)


def _known(what: str, place: Path, store: Store) -> str:
    known = (HqKey.SIGNING.value, HqKey.SEALING.value, *_of_sites(place, store))
    if what not in known:
        raise BadKey(f"{what!r} has no keys; known: {', '.join(known)}")
    return what


def _only_at_rest(what: str) -> None:
    if what != HqKey.AT_REST:
        raise BadKey(f"{what!r} changes in steps: sitegate-hq keys next {what}; only at-rest is changed at once")


def _refuse(those: list[str], why: str, force: bool) -> None:
    if those and not force:
        raise RotationRefused(f"{why}: {', '.join(those)}. See to them first, or go on all the same: --force")


def _publish(publisher: Publisher, sites: tuple[str, ...]) -> None:
    """Publish every list that can be.

    A failing site, reported at the end, must not leave the others under the old key.
    """
    failures: list[str] = []
    for site in sites:
        for kind in (*DECISION_LISTS, ListKind.DIRECTORY):
            try:
                out.print(f"{site}: {kind.value} version {publisher.publish(site, kind)}", highlight=False)
            except (AtRestError, BadKey, ValueError) as error:
                failures.append(f"{site}: {kind.value}: {error}")
    if failures:
        raise RotationRefused("the key is in use, but not published again: " + "; ".join(failures))
