"""`sitegate-hq code` and `card`: credentials that workers have beside their face."""

from pathlib import Path
from typing import Annotated

import segno
import typer

from hq.commands.console import out
from hq.commands.context import opened
from hq.commands.options import Folder, WorkerArgument, id_of
from hq.database.clock import now
from hq.registry import credentials


def code(
    worker: WorkerArgument,
    folder: Folder = Path(),
    site: Annotated[
        str | None,
        typer.Option(help="Only for this site; without it, for all sites of the worker.", callback=id_of("site")),
    ] = None,
    valid: Annotated[str, typer.Option(help="How long: 90s, 15m or 2h; 12 hours at most.")] = "15m",
    png: Annotated[Path | None, typer.Option(help="Write a picture to send or print.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Write a drawing of any size.")] = None,
) -> None:
    """Make a QR code that lets a worker in once, at a gate's camera. Without a file it is drawn in the terminal.

    Example: sitegate-hq code w-1042 --site site-1 --valid 15m --png w-1042.png
    """
    with opened(folder) as (_, people, publisher, _store):
        known = credentials.found(people.find(worker), worker)
        text = credentials.code_text(known, site, credentials.duration(valid), publisher.keys, now())
    picture = segno.make(text, error="m", micro=False)
    for path, kind in ((png, "png"), (svg, "svg")):
        if path is not None:
            picture.save(str(path), kind=kind, scale=8, border=4)
            out.print(f"wrote {path}: valid for {valid}, once", highlight=False)
    if png is None and svg is None:
        # Half blocks are no characters of GBK or ASCII: there, colours alone draw it.
        picture.terminal(compact=out.encoding.startswith("utf"), border=4)


def card(
    worker: WorkerArgument,
    folder: Folder = Path(),
    number: Annotated[
        list[str] | None, typer.Option(help="A card's number as the reader gives it; may be repeated.")
    ] = None,
    no_card: Annotated[bool, typer.Option("--no-card", help="Remove all cards and the PIN.")] = False,
    pin: Annotated[bool, typer.Option("--pin", help="Ask for a PIN of 4 to 12 digits.")] = False,
) -> None:
    """Give a worker cards or a PIN; only digests are kept. Publish the roster afterwards.

    Example: sitegate-hq card w-1042 --number 0012345678 --pin
    """
    if not (number or pin or no_card):
        raise typer.BadParameter("give --number, --pin or --no-card")
    with opened(folder) as (_, people, _publisher, _store):
        found = credentials.found(people.find(worker), worker)
        change: dict[str, object] = {"cards": (), "pin": None} if no_card else {}
        if number:
            change["cards"] = credentials.digests(number, found.sites)
        if pin:
            change["pin"] = credentials.pin_digest(typer.prompt("PIN", hide_input=True, confirmation_prompt=True))
        people.change(found, change)
    out.print(f"{worker} changed; now: sitegate-hq publish --list roster", highlight=False)


def register(app: typer.Typer) -> None:
    """Add the commands to `sitegate-hq`."""
    app.command()(code)
    app.command()(card)
