"""`sitegate-district user`: accounts from the command line, for the first ones and for when nobody can sign in."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.terminal.text import visible
from district.commands.context import Folder, Json, opened, out
from district.config import DistrictConfig
from district.permissions import Role

if TYPE_CHECKING:
    from district.accounts.models import User
    from district.places.models import Enterprise, Place


class UserCommandError(ValueError):
    """A user command that cannot be done. The text says what to do."""


Username = Annotated[str, typer.Argument(help="The name that the person signs in with.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    users = typer.Typer(help="Accounts: invite, list, new link, end sessions.", no_args_is_help=True)
    users.command()(invite)
    users.command("list")(list_users)
    users.command()(link)
    users.command("end-sessions")(end_sessions)
    app.add_typer(users, name="user")


def invite(
    username: Username,
    role: Annotated[Role, typer.Option("--role", help="What the person is.")],
    name: Annotated[str, typer.Option("--name", help="The person's name.")] = "",
    place: Annotated[str, typer.Option("--place", help="Where: a place's name, or a site's id.")] = "",
    enterprise: Annotated[str, typer.Option("--enterprise", help="Or an enterprise's credit code.")] = "",
    folder: Folder = Path(),
) -> None:
    """Make an account with one role, and print its one-time link.

    Example: sitegate-district user invite wang --role officer --place Guicheng --name 王芳
    """
    config = opened(folder)
    from django.utils import translation

    from district.accounts import registry
    from district.accounts.models import User

    if User.objects.filter(username__iexact=username).exists():
        raise UserCommandError(f"{visible(username)} is taken: choose another, or use `user link`")
    wanted = registry.Wanted(role, _place(place) if place else None, _enterprise(enterprise) if enterprise else None)
    with translation.override("en"):
        registry.check_username(username)
        _user, secret = registry.invite(None, username, name or username, wanted)
    _print_link(config, secret)


def list_users(folder: Folder = Path(), as_json: Json = False) -> None:
    """List the accounts, with their roles in force.

    Example: sitegate-district user list
    """
    opened(folder)
    from django.utils import timezone

    from district.accounts.models import Grant, User

    found = []
    for user in User.objects.order_by("username"):
        grants = Grant.objects.filter(Grant.in_force(timezone.now()), user=user).select_related("place", "enterprise")
        found.append(
            {
                "username": user.username,
                "name": user.name,
                "active": user.is_active,
                "last_login": user.last_login.isoformat(timespec="seconds") if user.last_login else None,
                "roles": [f"{grant.role} @ {grant.place or grant.enterprise}" for grant in grants],
            }
        )
    if as_json:
        out.print_json(json.dumps(found))
        return
    for row in found:
        roles = ", ".join(row["roles"]) or "no role"
        blocked = "" if row["active"] else ", blocked"
        out.print(f"{row['username']} ({row['name']}{blocked}): {roles}", markup=False, highlight=False)


def link(
    username: Username,
    lost_phone: Annotated[bool, typer.Option("--lost-phone", help="Using the link also removes the codes.")] = False,
    folder: Folder = Path(),
) -> None:
    """Print a new one-time link, for a forgotten password or a lost phone. Links before it end.

    Example: sitegate-district user link wang --lost-phone
    """
    config = opened(folder)
    from district.accounts import registry

    _print_link(config, registry.new_link(None, _user(username), ends_codes=lost_phone))


def end_sessions(username: Username, folder: Folder = Path()) -> None:
    """Sign an account out everywhere.

    Example: sitegate-district user end-sessions wang
    """
    opened(folder)
    from district.accounts import registry

    ended = registry.end_all_sessions(None, _user(username))
    out.print(f"ended {ended} sessions", highlight=False)


def print_first_link(config: DistrictConfig) -> None:
    """Print the first administrator's link, as long as no administrator has a password."""
    from district.accounts.first_start import first_link

    secret = first_link()
    if secret is not None:
        out.print("first start: the administrator chooses a password here, once:", highlight=False)
        _print_link(config, secret)


def _print_link(config: DistrictConfig, secret: str) -> None:
    from django.urls import reverse

    from district.accounts.registry import LINK_HOURS

    base = config.web.public_url.rstrip("/") or f"http://{config.web.host}:{config.web.port}"
    out.print(f"{base}{reverse('accounts:join', args=[secret])}", markup=False, highlight=False)
    out.print(f"It works once, for {LINK_HOURS} hours. Hand it to nobody else.", highlight=False)


def _user(username: str) -> "User":
    from district.accounts.models import User

    found: User | None = User.objects.filter(username__iexact=username).first()
    if found is None:
        raise UserCommandError(f"there is no account {visible(username)}: `user list` shows them")
    return found


def _place(text: str) -> "Place":
    from district.places.models import Place

    found: list[Place] = list(Place.objects.filter(project__site_id=text)) or list(Place.objects.filter(name=text)[:2])
    if len(found) != 1:
        problem = "is not the name of one place" if found else "is no place"
        raise UserCommandError(f"{visible(text)} {problem}: give the exact name, or the id of a site")
    return found[0]


def _enterprise(code: str) -> "Enterprise":
    from district.places.models import Enterprise

    found: Enterprise | None = Enterprise.objects.filter(uscc__iexact=code).first()
    if found is None:
        raise UserCommandError(f"no enterprise has the credit code {visible(code)}")
    return found
