"""Tokens of other programs, and the addresses that get events."""

from functools import cached_property
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.fields import EncryptedTextField
from district.permissions import Permission
from district.places.models import Enterprise, Gate, Place
from district.scope import Scope, VisibleModel

READABLE = (Permission.SEE_SITES, Permission.SEE_PEOPLE, Permission.SEE_PRESENCE, Permission.SEE_ATTENDANCE)
"""What a program can be given to read. Id numbers, bank accounts and addresses are not among it."""
CHANGEABLE = (Permission.CHANGE_PEOPLE, Permission.CORRECT)
"""What a program can be given to change."""
GRANTABLE = READABLE + CHANGEABLE


class OfProgram(VisibleModel):
    """Something that another program holds: made by an account, at one place or for one enterprise.

    It never sees more than its maker sees at that moment. When a maker loses a role, their programs lose it too.
    """

    permission: ClassVar[Permission] = Permission.SEE_ACCOUNTS
    to_make: ClassVar[Permission]
    """What an account needs to make one. Without it the thing gives nothing, also later."""
    name = models.CharField(pgettext_lazy("of a program", "name"), max_length=60)
    place = models.ForeignKey(Place, models.PROTECT, null=True, blank=True, related_name="+")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, blank=True, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made = models.DateTimeField(_("made"), default=timezone.now)
    ended = models.DateTimeField(pgettext_lazy("of a program", "ended"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def where(self) -> str:
        """Return the place or enterprise that it is limited to."""
        return str(self.place or self.enterprise or "")

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those at places inside the scope, and those of enterprises that have their seat there."""
        return scope.places("place__path") | scope.employers() | scope.places("enterprise__place__path")

    def limited(self, permission: Permission) -> Scope:
        """Return the part of its maker's present scope that it may use: its own place or enterprise, or nothing."""
        return Scope() if self._part_of(self.to_make).empty else self._part_of(permission)

    def _part_of(self, permission: Permission) -> Scope:
        makers = self.made_by.scope(permission)
        if self.place is not None:
            first, end = self.place.branch
            inside = any(start <= first and end <= stop for start, stop in makers.ranges)
            return Scope(ranges=((first, end),)) if inside else Scope()
        mine = frozenset({self.enterprise_id} if self.enterprise_id is not None else ())
        return Scope(enterprises=mine & makers.enterprises)


class ApiToken(OfProgram):
    """A program's key to the API. Only a hash of its secret is kept."""

    to_make: ClassVar[Permission] = Permission.EXPORT

    secret_hash = models.CharField(max_length=64, unique=True)
    shown = models.CharField(_("begins with"), max_length=12)
    """The first characters, so that people know which one it is."""
    permissions = models.JSONField(_("may"), default=list)
    expires = models.DateTimeField(_("expires"))
    last_used = models.DateTimeField(_("last used"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(place__isnull=False) ^ Q(enterprise__isnull=False), name="token_at_place_or_enterprise"
            ),
        ]

    @cached_property
    def alive(self) -> bool:
        """Say whether it is neither ended nor expired, and its maker may sign in."""
        return self.ended is None and self.expires > timezone.now() and self.made_by.is_active

    def scope(self, permission: Permission) -> Scope:
        """Return where the token has a permission now."""
        if not self.alive or permission not in self.permissions or permission not in GRANTABLE:
            return Scope()
        return self.limited(permission)


class WebhookEndpoint(OfProgram):
    """An address of another program that gets events, each signed by a secret of its own."""

    to_make: ClassVar[Permission] = Permission.CHANGE_ACCOUNTS

    class Event(models.TextChoices):
        """Which events it gets."""

        PASSAGES = "passages", _("Passages")
        REFUSALS = "refusals", _("Passages that a gate refused")
        PRESENCE = "presence", _("Who came and who left")
        ASSIGNMENTS = "assignments", _("Work on sites: begun, changed, ended")
        PEOPLE = "people", _("People: added, changed, enrolled, withdrawn, erased")
        CORRECTIONS = "corrections", _("Corrections: asked for, decided")
        IMPORTS = "imports", _("Sheets that were applied")
        GATES = "gates", _("Gates that fall silent or are back")
        PAPERS = "papers", _("Papers that expire soon")
        CASES = "cases", _("Cases: each step")
        HEALTH_CASES = "health_cases", _("Cases about health: each step")

    url = models.URLField(_("address"), max_length=300)
    secret = EncryptedTextField(_("secret"))
    events = models.JSONField(_("events"), default=list)
    old_secret = EncryptedTextField(_("former secret"), blank=True)
    old_until = models.DateTimeField(null=True, blank=True)
    """Until then each message carries a signature by the former secret too."""
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(place__isnull=False) ^ Q(enterprise__isnull=False), name="webhook_at_place_or_enterprise"
            ),
        ]

    @property
    def alive(self) -> bool:
        """Say whether it gets events."""
        return self.ended is None and self.made_by.is_active

    def scope(self, permission: Permission) -> Scope:
        """Return where its program may hear of what needs a permission."""
        return self.limited(permission) if self.alive else Scope()


class WebhookDelivery(models.Model):
    """One message for one address, stored with the change that it tells of. It arrives at least once, under one id."""

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries")
    message_id = models.CharField(max_length=40, unique=True)
    event = models.CharField(max_length=20)
    body = models.JSONField()
    made = models.DateTimeField(default=timezone.now)
    attempts = models.IntegerField(default=0)
    next_try = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=60, blank=True)
    """What the last attempt gave."""
    done = models.DateTimeField(null=True, blank=True)
    given_up = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["next_try", "id"],
                condition=Q(done__isnull=True, given_up__isnull=True),
                name="webhook_waiting",
            ),
            models.Index(fields=["endpoint", "-id"], name="webhook_of_endpoint"),
        ]


class ToldGate(models.Model):
    """A gate of which webhooks heard that it is silent."""

    gate = models.OneToOneField(Gate, models.CASCADE, related_name="+")
    since = models.DateTimeField()


class ToldDay(models.Model):
    """Until which day webhooks heard of what depends on the day alone."""

    name = models.CharField(max_length=20, unique=True)
    until = models.DateField()


class TokenUse(models.Model):
    """How many calls of a token are free: a bucket that fills by itself. All web processes count together."""

    token = models.OneToOneField(ApiToken, models.CASCADE, related_name="+")
    full_at = models.FloatField()
    """Seconds of the clock at which it is full again."""
