"""Accounts and what each may see where."""

from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.permissions import PERMISSIONS, ROLE_NAMES, Permission, Role
from district.places.models import Place
from district.prepared import Given, PreparedQuery, columns_of, from_columns
from district.scope import Scope, VisibleModel, VisibleQuerySet


class _AccountManager(UserManager.from_queryset(VisibleQuerySet)):  # type: ignore[misc]
    """Makes accounts, and reads them by scope."""


class User(AbstractUser):
    """A person who signs in. Django's own groups and `is_superuser` give no right here: grants do."""

    permission: ClassVar[Permission] = Permission.SEE_ACCOUNTS
    objects: ClassVar = _AccountManager()
    name = models.CharField(_("name"), max_length=80)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)

    @cached_property
    def _granted(self) -> tuple["Grant", ...]:
        found = []
        for row in _GRANTED.rows(user=self.pk, now=timezone.now()):
            grant: Grant = from_columns(Grant, row[:_GRANT])
            grant.place = from_columns(Place, row[_GRANT:]) if grant.place_id is not None else None
            found.append(grant)
        return tuple(found)

    @property
    def roles(self) -> frozenset[Role]:
        """Return the roles in force, wherever they hold."""
        return frozenset(Role(grant.role) for grant in self._granted)

    def scope(self, permission: Permission) -> Scope:
        """Return where this account has a permission now. Read once per request."""
        granted = [g for g in self._granted if self.is_active and permission in PERMISSIONS[Role(g.role)]]
        return Scope(
            ranges=tuple(sorted({g.place.branch for g in granted if g.place is not None})),
            enterprises=frozenset(g.enterprise_id for g in granted if g.enterprise_id is not None),
        )

    @property
    def audit_scope(self) -> tuple[str, int | None]:
        """Return where an auditor looks for what this account did that belongs to no place."""
        if not self._granted:
            return "", None
        grant = self._granted[0]
        return (grant.place.path, None) if grant.place is not None else ("", grant.enterprise_id)

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the accounts that have or had a role inside the scope."""
        return Q(pk__in=Grant.objects.filter(Grant.visible_q(scope)).values("user"))

    def may(self, permission: Permission) -> bool:
        """Say whether the account has a permission anywhere. A page asks this; a row asks `visible_to`."""
        return not self.scope(permission).empty


class Grant(VisibleModel):
    """One role of an account, at one place of the tree or in one enterprise, for a time."""

    permission: ClassVar[Permission] = Permission.SEE_ACCOUNTS
    user = models.ForeignKey(User, models.CASCADE, related_name="grants")
    role = models.CharField(
        pgettext_lazy("account", "role"),
        max_length=20,
        choices=[(role.value, name) for role, name in ROLE_NAMES.items()],
    )
    place = models.ForeignKey("places.Place", models.PROTECT, null=True, blank=True, related_name="grants")
    enterprise = models.ForeignKey("places.Enterprise", models.PROTECT, null=True, blank=True, related_name="grants")
    valid_from = models.DateTimeField(_("from"), default=timezone.now)
    valid_until = models.DateTimeField(_("until"), null=True, blank=True)
    given_by = models.CharField(_("given by"), max_length=150)
    ended = models.DateTimeField(_("ended"), null=True, blank=True)
    """Ended before its time. It stays ended when the clock is set back."""

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(place__isnull=False) ^ Q(enterprise__isnull=False), name="grant_at_place_or_enterprise"
            ),
        ]

    @staticmethod
    def in_force(now: Any) -> Q:
        """Return the filter for grants that hold now."""
        return Q(ended=None, valid_from__lte=now) & (Q(valid_until=None) | Q(valid_until__gt=now))

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the grants at places inside the scope, and those in enterprises that have their seat there."""
        return scope.places("place__path") | scope.employers() | scope.places("enterprise__place__path")


_GRANT = len(columns_of(Grant))
_GRANTED = PreparedQuery(
    lambda: Grant.objects.filter(
        Grant.in_force(Given("now", models.DateTimeField())), user=Given("user", models.BigIntegerField())
    ).values_list(*columns_of(Grant), *columns_of(Place, "place__"))
)
"""The roles in force of one account."""


class AccountInvitation(models.Model):
    """A link with which an account's owner chooses a password: once, and for a time. Only a hash of its secret is
    kept.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="invitations")
    secret_hash = models.CharField(max_length=64, unique=True)
    made = models.DateTimeField(_("made"), default=timezone.now)
    made_by = models.CharField(_("made by"), max_length=150)
    expires = models.DateTimeField(_("expires"))
    used = models.DateTimeField(_("used"), null=True, blank=True)
    ends_codes = models.BooleanField(_("ends the codes"), default=False)
    """The phone with the codes is lost: using the link removes them."""


class SignInBucket(models.Model):
    """How many attempts to sign in one source has left. One row for each source; it forgets by itself."""

    source = models.CharField(max_length=64, primary_key=True)
    """A keyed hash: no name and no address can be read from it."""
    full_at = models.FloatField(db_index=True)
    """When all attempts are free again, in seconds since 1970."""
