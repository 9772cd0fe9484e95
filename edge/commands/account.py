"""`sitegate account`: who may sign in at the gate's pages, and in which role."""

import getpass
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from common.terminal.console import Table
from edge.app.state_folders import DESK, become_owner, desk_dir
from edge.commands.common import DEFAULT_CONFIG, EXIT_USAGE, ConfigOption, example, fail, load_config, out
from edge.core.ports import JournalError
from edge.screen.access.passwords import BadAccount, check_name, hash_password
from edge.screen.access.roles import Role
from edge.storage.desk import DeskError, DeskWriter

app = typer.Typer(help="Accounts of the pages on the gate's screen.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The person's name, as it will be recorded with what they do.")]


def _desk(config: Path) -> DeskWriter:
    try:
        settings = load_config(config)
        become_owner(desk_dir(settings))
        return DeskWriter(settings.paths.state_dir / DESK)
    except (DeskError, JournalError) as error:
        raise fail(str(error)) from error


@app.command(epilog=example("sitegate account add anna"))
def add(
    name: Name,
    config: ConfigOption = DEFAULT_CONFIG,
    role: Annotated[Role | None, typer.Option(help="What the account may do; guard, if nothing is said.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input, for a script.")
    ] = False,
) -> None:
    """Make an account, or give it a new password. Who is signed in with the old one is signed out."""
    operator, desk = getpass.getuser(), _desk(config)
    try:
        check_name(name)
        password = typer.get_text_stream("stdin").readline().rstrip("\n") if password_stdin else _asked()
        desk.set_password(name, hash_password(password), by=operator, role=role or Role.GUARD)
        if role is not None:
            desk.set_role(name, role, by=operator)
        shown = desk.role(name)
    except BadAccount as error:
        raise fail(str(error), EXIT_USAGE) from error
    except DeskError as error:
        raise fail(str(error)) from error
    finally:
        desk.close()
    out.print(f"{name} may sign in as {shown}")


@app.command(epilog=example("sitegate account remove anna"))
def remove(name: Name, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Remove an account. Its sessions end at once."""
    _change(name, config, lambda desk: desk.remove_account(name, by=getpass.getuser()))
    out.print(f"{name} may no longer sign in")


@app.command("role", epilog=example("sitegate account role anna manager"))
def set_role(
    name: Name,
    role: Annotated[Role, typer.Argument(help="What the account may do from now on.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Change what an account may do. It holds at once, also for who is signed in."""
    _change(name, config, lambda desk: desk.set_role(name, role, by=getpass.getuser()))
    out.print(f"{name} is {role} now")


@app.command("list", epilog=example("sitegate account list"))
def list_(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Every account, its role, and when its password was set."""
    desk = _desk(config)
    found = desk.accounts()
    desk.close()
    table = Table("name", "role", "password set")
    for name, role, utc in found:
        table.add_row(name, role, f"{utc.astimezone():%Y-%m-%d %H:%M}")
    out.print(table)


def _change(name: str, config: Path, change: Callable[[DeskWriter], bool]) -> None:
    """Change an account. Exit with what to do if there is none of this name, or the disk refuses."""
    desk = _desk(config)
    try:
        changed = change(desk)
    except DeskError as error:
        raise fail(str(error)) from error
    finally:
        desk.close()
    if not changed:
        raise fail(f"there is no account {name!r}: sitegate account list")


def _asked() -> str:
    return str(typer.prompt("Password (10 characters or more)", hide_input=True, confirmation_prompt=True))
