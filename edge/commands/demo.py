"""`sitegate demo`: broker, HQ and gate on this machine, with real photos."""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from common.libraries import extra, require
from edge.commands.common import EXIT_PROBLEM, example, fail, out
from edge.commands.models import download_progress, follow
from edge.matcher import ModelError, fetch_pack, load_manifest
from edge.system.pinned_packages import PackageError, cache_dir
from edge.tools.demo.photos import fetch_photos


def demo(
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Leave it running, with the console of a small district, and print the addresses."),
    ] = False,
    gate_only: Annotated[
        bool, typer.Option("--gate-only", help="Leave out the district's part: a third of the time.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Where the demonstration keeps its files.  [default: the cache]")
    ] = None,
) -> None:
    """Run a broker, HQ and a gate on this machine, with people who walk up out of real photos. Then a small district
    plays a story of an epidemic through its pages.

    Every promise is checked. Exit code 0 only if everything happened as the final table demands, 128 + signal if a
    signal cut it short. Whichever way it ends, all that it started ends with it.
    """
    from edge.tools.demo.play import play
    from edge.tools.demo.stage import StageError

    require("what the demo needs", extra("demo"), StageError, "sqlalchemy", "alembic", "iotcore", "segno")
    if keep or not gate_only:
        require("the console of the demo", extra("demo"), StageError, "django", "allauth", "ninja")

    begun = time.monotonic()
    models_dir, photos_dir = cache_dir() / "models", cache_dir() / "photos"
    try:
        with download_progress() as bar:
            fetch_pack(load_manifest().pack("opencv-zoo"), models_dir, follow(bar))
            fetch_photos(photos_dir, follow(bar))
        promised = play(out, folder or cache_dir() / "demo", models_dir, photos_dir, keep=keep, gate_only=gate_only)
    except (ModelError, PackageError, StageError, LookupError) as error:
        raise fail(str(error)) from error
    out.print(
        f"{'all as promised' if promised else 'NOT as promised'}, {time.monotonic() - begun:.1f} s", highlight=False
    )
    if not promised:
        sys.exit(EXIT_PROBLEM)


def register(app: typer.Typer) -> None:
    app.command(epilog=example("sitegate demo", "sitegate demo --keep"))(demo)
