"""Changes accounts: each function is one transaction with its entry in the audit record."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from allauth.mfa.models import Authenticator
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from district.accounts.models import AccountInvitation, Grant, User
from district.accounts.rules import REFUSALS, Refusal, RoleHeld, fits, may_manage, refusal
from district.accounts.signals import end_sessions
from district.audit.record import record
from district.permissions import ROLE_NAMES, Role
from district.places.models import Enterprise, Place

LINK_HOURS = 72
COMMAND = "command line"
"""Name the actor of the command. A person who may run it may read the keys anyway."""


class NotAllowed(Exception):
    """A change that the account may not make. The text says what to do."""


class LinkRefused(Exception):
    """A link that was used, has ended, or never existed."""


@dataclass(frozen=True)
class Wanted:
    """A role to give: at a place or in an enterprise."""

    role: Role
    place: Place | None = None
    enterprise: Enterprise | None = None
    until: datetime | None = None

    @property
    def held(self) -> RoleHeld:
        """Return it for the rules."""
        seat = self.enterprise.place if self.enterprise else self.place
        return RoleHeld(
            self.role, seat.path if seat else "", self.enterprise.pk if self.enterprise else None, self.until
        )

    @property
    def fits(self) -> bool:
        """Say whether the role can hold there."""
        if (self.place is None) == (self.enterprise is None):
            return False
        is_site = self.place is not None and self.place.kind == Place.Kind.SITE
        return fits(self.role, is_site=is_site, in_enterprise=self.enterprise is not None)


def check_username(username: str) -> None:
    """Raise NotAllowed if a name cannot be signed in with."""
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError:
        raise NotAllowed(_("A user name has letters, digits and @ . + - _ only.")) from None
    if not 2 <= len(username) <= 40:
        raise NotAllowed(_("A user name has 2 to 40 characters."))
    if username.lower() == "worker" or username.lower().startswith("w-"):  # so workers are named in the audit record
        raise NotAllowed(_("This user name is taken: choose another."))


def held_by(user: User) -> list[RoleHeld]:
    """Return the roles of an account that hold now or later."""
    grants = Grant.objects.filter(Q(valid_until=None) | Q(valid_until__gt=timezone.now()), user=user, ended=None)
    return [_held(grant) for grant in grants.select_related("place", "enterprise__place")]


def managed_by_roles(user: User) -> list[RoleHeld]:
    """Return the roles that decide who may manage an account: those that hold, or else all that it had. Else an account
    between two roles belongs to anybody who ever saw it, and with it the next role.
    """
    had = Grant.objects.filter(user=user).select_related("place", "enterprise__place")
    return held_by(user) or [_held(grant) for grant in had]


def check_may_give(actor: User | None, wanted: Wanted, to: User | None = None) -> None:
    """Raise NotAllowed if an account may not give a role. None as actor: the command."""
    if not wanted.fits:
        raise NotAllowed(REFUSALS[Refusal.KIND])
    if actor is None:
        return
    found = Refusal.OWN if to is not None and to.pk == actor.pk else refusal(_in_force(actor), wanted.held)
    if found:
        raise NotAllowed(REFUSALS[found])


def check_may_manage(actor: User | None, other: User) -> None:
    """Raise PermissionDenied if an account may not manage another one."""
    if actor is not None and (actor.pk == other.pk or not may_manage(_in_force(actor), managed_by_roles(other))):
        raise PermissionDenied


@transaction.atomic
def invite(actor: User | None, username: str, name: str, wanted: Wanted, phone: str = "") -> tuple[User, str]:
    """Make an account with one role. Return it, and the secret of its link. Raises NotAllowed."""
    check_may_give(actor, wanted)
    user = User(username=username.lower(), name=name, phone=phone)
    user.set_unusable_password()
    user.save()
    _give(actor, user, wanted)
    return user, _link(actor, user, ends_codes=False)


@transaction.atomic
def give(actor: User | None, user: User, wanted: Wanted) -> Grant:
    """Give an account a role. Raises NotAllowed."""
    check_may_give(actor, wanted, user)
    return _give(actor, user, wanted)


@transaction.atomic
def end_grant(actor: User | None, grant: Grant) -> None:
    """End a role now. Raises NotAllowed."""
    if actor is not None:
        held = _held(grant)
        found = Refusal.OWN if grant.user_id == actor.pk else refusal(_in_force(actor), held)
        if found and found is not Refusal.TIME:
            raise NotAllowed(REFUSALS[found])
    grant.ended = timezone.now()
    grant.save(update_fields=["ended"])
    _record_grant(actor, "role_ended", grant)


@transaction.atomic
def new_link(actor: User | None, user: User, *, ends_codes: bool = False) -> str:
    """Make a new link; those before it end. Return its secret. Raises PermissionDenied."""
    check_may_manage(actor, user)
    return _link(actor, user, ends_codes=ends_codes)


@transaction.atomic
def set_blocked(actor: User | None, user: User, blocked: bool) -> None:
    """Block an account at once, or let it in again. Raises PermissionDenied."""
    check_may_manage(actor, user)
    user.is_active = not blocked
    user.save(update_fields=["is_active"])
    if blocked:
        end_sessions(user)
        AccountInvitation.objects.filter(user=user, used=None).delete()
    record(actor or COMMAND, "blocked" if blocked else "unblocked", user)


@transaction.atomic
def end_all_sessions(actor: User | None, user: User) -> int:
    """End the sessions of another account. Return how many. Raises PermissionDenied."""
    check_may_manage(actor, user)
    ended = end_sessions(user)
    record(actor or COMMAND, "sessions_ended", user, details={"sessions": str(ended)})
    return ended


def find_link(secret: str) -> AccountInvitation:
    """Return the invitation of a link that can still be used. Raises LinkRefused."""
    found = AccountInvitation.objects.select_related("user").filter(secret_hash=_hash(secret), used=None).first()
    if found is None or found.expires <= timezone.now() or not found.user.is_active:
        raise LinkRefused
    return found


@transaction.atomic
def use_link(secret: str, password: str) -> User:
    """Set the password of the link's account, once. Ends its sessions. Raises LinkRefused."""
    invitation = find_link(secret)
    now = timezone.now()
    if not AccountInvitation.objects.filter(pk=invitation.pk, used=None).update(used=now):
        raise LinkRefused
    user = invitation.user
    user.set_password(password)
    user.save(update_fields=["password"])
    if invitation.ends_codes:
        Authenticator.objects.filter(user=user).delete()
    end_sessions(user)
    record(user, "link_used", user, details={"ends_codes": str(invitation.ends_codes).lower()})
    return user


def _give(actor: User | None, user: User, wanted: Wanted) -> Grant:
    grant: Grant = Grant.objects.create(
        user=user,
        role=wanted.role,
        place=wanted.place,
        enterprise=wanted.enterprise,
        valid_until=wanted.until,
        given_by=str(actor or COMMAND),
    )
    _record_grant(actor, "role_given", grant)
    return grant


def _link(actor: User | None, user: User, *, ends_codes: bool) -> str:
    secret = secrets.token_urlsafe(32)
    AccountInvitation.objects.filter(user=user, used=None).delete()
    AccountInvitation.objects.create(
        user=user,
        secret_hash=_hash(secret),
        made_by=str(actor or COMMAND),
        expires=timezone.now() + timedelta(hours=LINK_HOURS),
        ends_codes=ends_codes,
    )
    record(actor or COMMAND, "link_made", user, details={"ends_codes": str(ends_codes).lower()})
    return secret


def _in_force(user: User) -> list[RoleHeld]:
    grants = Grant.objects.filter(Grant.in_force(timezone.now()), user=user)
    return [_held(grant) for grant in grants.select_related("place", "enterprise__place")] if user.is_active else []


def _held(grant: Grant) -> RoleHeld:
    seat = grant.place or (grant.enterprise.place if grant.enterprise else None)
    return RoleHeld(Role(grant.role), seat.path if seat else "", grant.enterprise_id, grant.valid_until)


def _record_grant(actor: User | None, action: str, grant: Grant) -> None:
    place, enterprise = grant.place, grant.enterprise
    until = grant.valid_until.isoformat(timespec="minutes") if grant.valid_until else ""
    record(
        actor or COMMAND,
        action,
        grant.user,
        place_path=place.path if place else enterprise.place.path if enterprise else "",
        enterprise=grant.enterprise_id,
        details={"role": str(grant.role), "where": str(place or enterprise), "until": until},
    )


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def role_name(role: str) -> str:
    """Return the name of a role in the language of the page."""
    return str(ROLE_NAMES[Role(role)])
