"""`sitegate-district init`: make the district's folder."""

import gc
import secrets
from pathlib import Path
from typing import Annotated

import typer

from common.private_files import FOLDER_OF_OWNER, holds_program, write_new
from district.commands.context import Folder, opened, out
from district.config import FILE_NAME, DistrictConfigError
from district.encryption import make_key

TEMPLATE = """\
# The district's settings. docs/DISTRICT.md explains each.
{demo}name = "{name}"
time_zone = "Asia/Shanghai"
language = "zh-hans"
# database_url = "postgresql://USER:PASSWORD@HOST/DATABASE"   # without it: the file district.db

[hq]
folder = "{hq}"

[web]
port = {port}
# public_url = "https://district.example"
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(migrate)


def init(
    folder: Annotated[Path, typer.Argument(help="The folder to make.")],
    hq: Annotated[Path, typer.Option("--hq", help="HQ's folder, with hq.toml.")] = Path("../hq"),
) -> None:
    """Make the folder with district.toml, its keys and its database.

    Example: sitegate-district init district --hq hq
    """
    make_folder(folder, hq)
    migrate(folder)
    if not (hq / "hq.toml").exists():
        out.print(f"{hq} has no hq.toml yet. Make it first: sitegate-hq init {hq}", highlight=False)
    out.print(f"made {folder}. Next: sitegate-district run --dir {folder}", highlight=False)


def check_new(folder: Path) -> None:
    """Check that a district can be made here. Raises DistrictConfigError: there is one, or it is the program."""
    if holds_program(folder):
        raise DistrictConfigError(
            f"{folder} holds this program: choose a folder elsewhere, such as ~/sitegate/district"
        )
    if (folder / FILE_NAME).exists():
        raise DistrictConfigError(f"{folder} has a {FILE_NAME} already: choose another folder, or use this one")


def make_folder(folder: Path, hq: Path, *, name: str = "District", port: int = 8080, demo: bool = False) -> None:
    """Make the folder with district.toml and its keys. Raises DistrictConfigError, as `check_new` does."""
    check_new(folder)
    folder.mkdir(mode=FOLDER_OF_OWNER, parents=True, exist_ok=True)
    keys = folder / "keys"
    keys.mkdir(mode=FOLDER_OF_OWNER, exist_ok=True)
    write_new(keys / "secret.key", secrets.token_urlsafe(50).encode() + b"\n")
    make_key(keys)
    line = "demo = true   # links sign in without a password: never for real people\n" if demo else ""
    text = TEMPLATE.format(hq=hq.resolve(), port=port, name=name, demo=line)
    write_new(folder / FILE_NAME, text.encode())


def migrate(folder: Folder = Path()) -> None:
    """Bring the database to this version. `run` does it by itself on SQLite.

    Example: sitegate-district migrate --dir district
    """
    opened(folder)
    from django.core.management import call_command

    gc.disable()  # Django makes thousands of classes here, and looks for garbage in them: a third of the time
    try:
        call_command("migrate", verbosity=0)
    finally:
        gc.enable()
    call_command("createcachetable", verbosity=0)
