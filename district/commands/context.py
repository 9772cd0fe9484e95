"""Open the district's folder for one command."""

import os
from pathlib import Path
from typing import Annotated

import django
import typer

from common import private_files
from common.terminal.console import Console, styled
from district.config import FILE_NAME, FOLDER_VARIABLE, DistrictConfig, read_config

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)

Folder = Annotated[
    Path, typer.Option("--dir", "-d", envvar="SITEGATE_DISTRICT_DIR", help="The folder with district.toml.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def tell(message: str) -> None:
    """Print an error."""
    err.print(styled(("error:", "red"), f" {message}"))


def described(error: Exception) -> str | None:
    """Return the sentence for a database that is away, locked or full; None for other errors."""
    from district.web.away import first_line, is_away

    if not is_away(error):
        return None
    return f"the database does not answer ({first_line(error)}): look whether it runs, and whether its disk is full"


def opened(folder: Path) -> DistrictConfig:
    """Read the configuration and start Django on it. Models may be imported only afterwards. Raises
    DistrictConfigError.
    """
    config = read_config(folder)
    keep_private(config.folder)
    os.environ[FOLDER_VARIABLE] = str(config.folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "district.settings")
    django.setup()
    return config


def keep_private(folder: Path) -> None:
    """Let only the owner read what this process writes, and what lies in the folder already. The database holds names
    and sessions, and mails hold links.
    """
    os.umask(0o077)
    files = (folder, folder / FILE_NAME, folder / "mail", *folder.glob("district.db*"), *folder.glob("mail/*"))
    for path in files:
        if private_files.tighten(path):
            tell(f"{path} could be read by other users of this machine: taken away from them")
