"""`sitegate state`: the files that this gate keeps."""

import typer

from common.terminal.console import styled
from edge.app.state_migration import move
from edge.commands.common import DEFAULT_CONFIG, ConfigOption, err, example, fail, load_config, out
from edge.core.ports import JournalError
from edge.system.inline_secrets import NotMoved, move_secrets

app = typer.Typer(no_args_is_help=True, help="The files that this gate keeps.")


@app.callback()
def _group() -> None:
    """The group has one command."""


@app.command(epilog=example("sitegate state migrate"))
def migrate(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Move the files of version 0.1 to their present places.

    Databases go into the folder of their process, passwords out of the configuration. Run it as root, with the
    processes stopped. You can run it again.
    """
    folder = load_config(config).paths.state_dir
    try:
        moved = move(folder)
    except JournalError as error:
        raise fail(str(error)) from error
    said = f"{moved} files of version 0.1 moved in {folder}" if moved else f"{folder} is as it should be"
    out.print(said, soft_wrap=True, highlight=False)
    try:
        for one in move_secrets(config):
            out.print(f"{one.key} is now in {one.path}", soft_wrap=True, highlight=False)
    except (NotMoved, OSError) as error:  # The gate works as before, and `sitegate check` keeps reporting it.
        err.print(styled(("by hand:", "yellow"), f" {error}"))
