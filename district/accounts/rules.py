"""Decides who may give and end which role where. Pure: no database, no clock of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from district.permissions import IN_ENTERPRISES, MAY_GIVE, ON_SITES, PERMISSIONS, Permission, Role


@dataclass(frozen=True)
class RoleHeld:
    """A role where it holds. That is a place (its path in the tree), or an enterprise with its seat's path."""

    role: Role
    path: str
    enterprise: int | None = None
    until: datetime | None = None

    def covers(self, other: "RoleHeld") -> bool:
        """Say whether another role lies inside this one: below its place, or in the same enterprise."""
        if self.enterprise is not None:
            return other.enterprise == self.enterprise
        return other.path.startswith(self.path)

    def outlasts(self, other: "RoleHeld") -> bool:
        """Say whether this role ends with the other or later."""
        return self.until is None or (other.until is not None and other.until <= self.until)


class Refusal(StrEnum):
    """Why a role may not be given."""

    OWN = "own"
    ROLE = "role"
    PLACE = "place"
    TIME = "time"
    KIND = "kind"


REFUSALS: dict[Refusal, StrPromise] = {
    Refusal.OWN: _("Nobody changes their own roles: ask another administrator."),
    Refusal.ROLE: _("Your own role does not let you give this role: ask a system administrator."),
    Refusal.PLACE: _("This is outside your part of the district: choose a place or an enterprise inside it."),
    Refusal.TIME: _("The role would last longer than your own: choose an earlier end."),
    Refusal.KIND: _(
        "This role does not fit there. Clerks belong to an enterprise, site managers and guards to a site, all others"
        " to a place."
    ),
}


def fits(role: Role, *, is_site: bool, in_enterprise: bool) -> bool:
    """Say whether a role can hold at such a place, or in an enterprise."""
    if in_enterprise:
        return role in IN_ENTERPRISES
    if role in ON_SITES:
        return is_site
    return role is not Role.CLERK


def refusal(held: Iterable[RoleHeld], wanted: RoleHeld) -> Refusal | None:
    """Say why an account with the roles `held` may not give `wanted`; None if it may."""
    givers = [own for own in held if Permission.CHANGE_ACCOUNTS in PERMISSIONS[own.role]]
    inside = [own for own in givers if own.covers(wanted)]
    if not inside:
        return Refusal.PLACE
    giving = [own for own in inside if wanted.role in MAY_GIVE.get(own.role, frozenset())]
    if not giving:
        return Refusal.ROLE
    return None if any(own.outlasts(wanted) for own in giving) else Refusal.TIME


def may_manage(held: Iterable[RoleHeld], theirs: Iterable[RoleHeld]) -> bool:
    """Say whether an account may send another one a new link, block it, or end its sessions.

    It may if it could give every role of the other. Else a link would be a way to more rights. Time does not count.
    """
    own = list(held)
    return all(refusal(own, role) in {None, Refusal.TIME} for role in theirs)
