"""`sitegate-hq import` and `publish`: people in, lists out."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from contract.messages import DECISION_LISTS, ListKind
from hq.commands.console import out
from hq.commands.context import opened
from hq.commands.options import Folder
from hq.database.published_lists import ListKey, raise_floor
from hq.lists.publisher import Publisher
from hq.registry.import_file import read_import
from hq.registry.sites import SiteRegistry

VERSION_MAX = 2**52
"""Gates count to 2^53: HQ needs versions above."""


def import_(
    file: Annotated[Path, typer.Argument(help="JSON or TOML: workers, risk, policies, enrolments, sealed_enrolments.")],
    folder: Folder = Path(),
    and_publish: Annotated[bool, typer.Option("--publish", help="Publish the lists that changed, at once.")] = False,
) -> None:
    """Add workers, the risk list, policies and enrolments from a file; all of it or, after an error, nothing.

    Example: sitegate-hq import workers.toml --dir ./hq --publish
    """
    with opened(folder) as (_, people, publisher, store):
        done = people.take(read_import(file))
        out.print(
            f"imported {done.workers} workers, {done.risk} risk entries, {done.policies} policies, "
            f"{done.enrolments} enrolments"
        )
        if and_publish:
            _publish(publisher, publisher.to_publish(SiteRegistry(store).active()))


def publish(
    folder: Folder = Path(),
    site: Annotated[list[str] | None, typer.Option("--site", help="Only this site; may be repeated.")] = None,
    kind: Annotated[list[ListKind] | None, typer.Option("--list", help="Only this list; may be repeated.")] = None,
    snapshot: Annotated[bool, typer.Option("--snapshot", help="The whole lists, not only what changed.")] = False,
    above: Annotated[
        int, typer.Option("--above", min=0, max=VERSION_MAX, help="Make the version higher than this one, at a gate.")
    ] = 0,
) -> None:
    """Sign the next version of the lists that changed; the running HQ sends them to the gates.

    With --site or --list, those lists are signed, changed or not. Where little changed since the last whole list,
    the changes alone are sent.

    Example: sitegate-hq publish --site site-1 --list roster
    """
    with opened(folder) as (_, _, publisher, store):
        registry = SiteRegistry(store)
        sites, kinds = registry.checked(site) if site else registry.active(), tuple(kind or DECISION_LISTS)
        every = list(product(sites, kinds))
        if above:
            with store.write("lists") as db:
                for key in every:
                    raise_floor(db, *key, above)
        wanted = every if site or kind or snapshot or above else publisher.to_publish(sites)
        _publish(publisher, wanted, snapshot)
        if not wanted:
            out.print("nothing changed since it was published; --site SITE signs the lists of a site again")


def register(app: typer.Typer) -> None:
    """Add the commands to `sitegate-hq`."""
    app.command("import")(import_)
    app.command()(publish)


def _publish(publisher: Publisher, wanted: Sequence[ListKey], snapshot: bool = False) -> None:
    for site, kind in wanted:
        version = publisher.publish(site, kind, snapshot)
        whole, _ = publisher.kept_versions()[site, kind]
        what = "" if whole == version else f", changes since version {whole}"
        out.print(f"{site}: {kind.value} version {version}{what}", highlight=False)
