"""`sitegate-district demo`: a small invented district, with links that sign in."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from common.processes import Processes
from district.commands.context import opened, out
from district.commands.init import check_new, make_folder, migrate
from district.config import FILE_NAME, DistrictConfig, DistrictConfigError

_SITE = "site-demo"
_PLATFORM = """
[realname]
url = "http://127.0.0.1:{port}/open.api"   # a simulated platform: `run` starts it with a demonstration
calls_per_minute = 600
batch_wait_s = 2
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    folder: Annotated[Path, typer.Argument(help="The folder to make, or that of an earlier demonstration.")],
    hq: Annotated[Path | None, typer.Option("--hq", help="An HQ that runs; without it one is made and run.")] = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the pages on 127.0.0.1.")] = 8080,
    members: Annotated[
        list[str] | None, typer.Option("--member", help="WORKER_ID:TRAINING_END of somebody whom HQ knows.")
    ] = None,
    gate: Annotated[str, typer.Option(help=f"The gate of {_SITE}.")] = "gate-demo",
    platform_port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Port of the simulated real-name platform on 127.0.0.1.")
    ] = 8095,
    start: Annotated[bool, typer.Option("--run/--no-run", help="Run it, or only make it.")] = True,
) -> None:
    """Make a small invented district and run it. Links sign its accounts in without a password, on this machine alone.

    Example: sitegate-district demo /tmp/demo
    """
    where, earlier = hq or folder / "hq", (folder / FILE_NAME).exists()
    if not earlier:
        known = [_member(text) for text in members or ()]
        _make(folder, where, own_hq=hq is None, ports=(port, platform_port), known=known, gate=gate)
    config = opened(folder)
    if not config.demo:
        raise DistrictConfigError(f"{folder} is no demonstration: choose a new folder")
    if earlier:
        migrate(folder)
        from district.demo.uploads import forget

        forget()
    _print_links(config)
    if start:
        out.print("Ctrl-C stops it. The same command starts it again, with new links.", highlight=False)
        every = ["--all"] if hq is None else []
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", "district", "run", "--dir", str(folder), *every])


def _make(
    folder: Path, hq: Path, *, own_hq: bool, ports: tuple[int, int], known: list[tuple[str, str]], gate: str
) -> None:
    """Make the folder. `ports`: of the pages and of the simulated platform."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_new(folder)
    if own_hq and not hq.exists():
        with Processes() as children:
            command = [sys.executable, "-m", "hq", "init", str(hq), "--site", _SITE]
            code, _printed, problem = children.run(command, 60.0)
        if code:
            raise DistrictConfigError(f"HQ was not made: {problem.strip()}")
    make_folder(folder, hq, name="南海示范区", port=ports[0], demo=True)
    with (folder / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write(_PLATFORM.format(port=ports[1]))
    try:
        migrate(folder)
        from district.demo.fill import fill

        fill(known, gate)
    except BaseException:
        (folder / FILE_NAME).unlink()  # the next call begins again
        (folder / "district.db").unlink(missing_ok=True)
        raise


def _print_links(config: DistrictConfig) -> None:
    from district.accounts.models import User
    from district.demo.cast import ACCOUNTS
    from district.demo.links import link_of

    out.print("The accounts of the demonstration, each with a link that signs in:", highlight=False)
    for user in User.objects.filter(username__in=[one.username for one in ACCOUNTS]).order_by("pk"):
        out.print(
            f"  {user.username:8} {user.name}  http://127.0.0.1:{config.web.port}{link_of(user)}", highlight=False
        )


def _member(text: str) -> tuple[str, str]:
    worker_id, _colon, until = text.partition(":")
    return worker_id, until
