"""`sitegate-hq site`: which sites HQ has. A running HQ follows without a restart."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import Table
from contract.messages import ListKind
from hq.commands.console import out, print_json, print_table, time_text
from hq.commands.context import opened
from hq.commands.options import ByOption, Folder, Json, id_of
from hq.commands.undelivered import refuse_undelivered
from hq.database.gate_reports import gate_reports
from hq.keys import keys
from hq.lists.publisher import Publisher
from hq.registry.gates import registered_list
from hq.registry.sites import SiteRegistry

app = typer.Typer(help="HQ's sites: add, list, rename, group, retire.", no_args_is_help=True)

NewSite = Annotated[str, typer.Argument(help="The new site's id.", metavar="SITE")]  # SiteRegistry says how to name it
SiteArgument = Annotated[str, typer.Argument(help="The site.", callback=id_of("site"), metavar="SITE")]
NameOption = Annotated[str, typer.Option("--name", help="What people call it, in any language.")]
GroupOption = Annotated[str, typer.Option("--group", help="Sites of one group share their people.")]


@app.command()
def add(site: NewSite, by: ByOption, name: NameOption = "", group: GroupOption = "", folder: Folder = Path()) -> None:
    """Add a site and make its key pair, or bring a retired site back.

    Example: sitegate-hq site add site-3 --name "North quay" --by manager-7
    """
    with opened(folder) as (_config, _people, publisher, store):
        registry, place = SiteRegistry(store), publisher.keys.folder
        registry.check_new(site, by=by, name=name, group=group)
        keys.check_site_names(place, [site])
        made = keys.make_site_pair(place, site)
        back = registry.add(site, by=by, name=name, group=group)
    for path in made:
        out.print(f"made {path}", highlight=False)
    if back:
        out.print(f"{site} is back. Register its gates again, and assign its people again", highlight=False)
    else:
        out.print(f"added {site}. Next: sitegate-hq gate code GATE --site {site} --by YOU", highlight=False)
    needed = f"{keys.private_path(place, site)}, for their screens {keys.private_path(place, keys.screen_of(site))}"
    out.print(f"its gates need: {needed}", highlight=False)


@app.command("list")
def list_(
    folder: Folder = Path(),
    retired: Annotated[bool, typer.Option("--all", help="Also those that were retired.")] = False,
    as_json: Json = False,
) -> None:
    """Every site: name, group, since when, by whom, and how many gates are registered.

    Example: sitegate-hq site list
    """
    with opened(folder) as (_config, _people, _publisher, store):
        rows = [row for row in SiteRegistry(store).every() if retired or row.retired_utc is None]
        gates = [gate.site_id for gate in registered_list(store).values()]
    if as_json:
        return print_json([{**asdict(row), "gates": gates.count(row.site_id)} for row in rows])
    table = Table("site", "name", "group", "gates", "since", "by", *(["retired"] if retired else []))
    for row in rows:
        end = [f"{time_text(row.retired_utc)} by {row.retired_by}" if row.retired_utc else ""] if retired else []
        count = str(gates.count(row.site_id))
        table.add_row(row.site_id, row.name, row.site_group, count, time_text(row.added_utc), row.added_by, *end)
    return print_table(table)


@app.command()
def rename(
    site: SiteArgument,
    name: Annotated[str, typer.Argument(help="What people call it from now on.")],
    by: ByOption,
    folder: Folder = Path(),
) -> None:
    """Change the name that people read. The id, which gates know, stays.

    Example: sitegate-hq site rename site-3 "North quay" --by manager-7
    """
    with opened(folder) as (_config, _people, _publisher, store):
        SiteRegistry(store).rename(site, name, by=by)
    out.print(f"{site} is called {name}" if name else f"{site} has no name any more", highlight=False, markup=False)


@app.command()
def group(
    site: SiteArgument,
    by: ByOption,
    name: Annotated[str, typer.Argument(help="The group; none: out of every group.", metavar="[GROUP]")] = "",
    folder: Folder = Path(),
) -> None:
    """Let a site share its people with the other sites of a group, or with none.

    Example: sitegate-hq site group site-3 harbour --by manager-7
    """
    with opened(folder) as (_config, _people, _publisher, store):
        touched = SiteRegistry(store).set_group(site, name, by=by)
    state = f"{site} is in group {name}" if name else f"{site} is in no group"
    out.print(f"{state}. Their lists change: {', '.join(sorted(touched))}", highlight=False)


@app.command()
def retire(
    site: SiteArgument,
    by: ByOption,
    folder: Folder = Path(),
    force: Annotated[bool, typer.Option("--force", help="Although its gates may hold events that HQ lacks.")] = False,
) -> None:
    """End a site: its gates are revoked, its lists become empty, its people lose this assignment. Its events stay.

    Refused while a gate may hold events that HQ does not have. May be repeated after an interruption.

    Example: sitegate-hq site retire site-3 --by manager-7
    """
    with opened(folder) as (_config, people, publisher, store):
        registered = [gate for gate in registered_list(store).values() if gate.site_id == site]
        with store.read() as db:
            refuse_undelivered([gate.gate_id for gate in registered], gate_reports(db), force)
        revoked = SiteRegistry(store).retire(site, by=by)
        left = people.leave_site(site)
        _publish_empty(publisher, site)
    gates = f"{len(revoked)} gates revoked" + (f" ({', '.join(revoked)})" if revoked else "")
    out.print(f"{site} is retired: {gates}, {left} people left it", highlight=False)


def register(main: typer.Typer) -> None:
    """Add the group to `sitegate-hq`."""
    main.add_typer(app, name="site")


def _publish_empty(publisher: Publisher, site: str) -> None:
    """Publish the lists of people whole, if there are any: nobody of the old ones stays in the gates' files."""
    published = {kind for site_id, kind in publisher.newest_versions() if site_id == site}
    for kind in sorted(published - {ListKind.POLICY}):
        version = publisher.publish(site, kind, snapshot=True)
        out.print(f"{site}: {kind.value} version {version}, empty", highlight=False)
