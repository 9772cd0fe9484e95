"""`sitegate-hq publish`: lists out."""

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
from hq.registry.sites import SiteRegistry

VERSION_MAX = 2**52
"""Gates count to 2^53: HQ needs versions above."""


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
        sites, kinds = (
            registry.checked(site) if site else registry.active(),
            tuple(kind or (*DECISION_LISTS, ListKind.DIRECTORY)),
        )
        every = list(product(sites, kinds))
        if above:
            with store.write("lists") as db:
                for key in every:
                    raise_floor(db, *key, above)
        wanted = every if site or kind or snapshot or above else publisher.to_publish(sites)
        publish_lists(publisher, wanted, snapshot)
        if not wanted:
            out.print("nothing changed since it was published; --site SITE signs the lists of a site again")


def register(app: typer.Typer) -> None:
    """Add the command to `sitegate-hq`."""
    app.command()(publish)


def publish_lists(publisher: Publisher, wanted: Sequence[ListKey], snapshot: bool = False) -> None:
    """Publish these lists, and print their versions."""
    for site, kind in wanted:
        version = publisher.publish(site, kind, snapshot)
        whole, _ = publisher.kept_versions()[site, kind]
        what = "" if whole == version else f", changes since version {whole}"
        out.print(f"{site}: {kind.value} version {version}{what}", highlight=False)
