"""What a site says about its working days: limits, shifts, and entrances without a gate."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from district.attendance.models.passages import AtSite
from district.attendance.rules.working_time import DAY, DEFAULTS, HOUR, LONGEST_MAX_S
from district.people.models import Person
from district.permissions import Permission
from district.places.models import Enterprise, Project
from district.scope import Scope, VisibleModel

FOREVER = 2**62
"""`until_local` of the newest rules."""


class OfSite(VisibleModel):
    """A row of a site, seen by who sees its attendance."""

    permission: ClassVar[Permission] = Permission.SEE_ATTENDANCE

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible sites."""
        return Q(project__in=Project.objects.filter(Project.visible_q(scope)))


class SiteRules(OfSite):
    """How a site counts working time, from one day on. Days before it use the rules before. Without: the defaults."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="working_time")
    since = models.DateField(_("from"))
    from_local = models.BigIntegerField()
    """The same as seconds of the wall clock since 1970; `until_local`: where the next rules begin. No two overlap."""
    until_local = models.BigIntegerField(default=FOREVER)
    day_begins_s = models.IntegerField(
        _("working day begins"),
        default=DEFAULTS.day_begins_s,
        validators=[MinValueValidator(0), MaxValueValidator(12 * HOUR)],
    )
    """Seconds after midnight. A person who comes earlier counts for the day before: that is the night shift."""
    longest_s = models.IntegerField(
        _("longest stay"),
        default=DEFAULTS.longest_s,
        validators=[MinValueValidator(HOUR), MaxValueValidator(LONGEST_MAX_S)],
    )
    """After it an open stay is a missing exit."""
    full_day_s = models.IntegerField(
        _("full day"),
        default=DEFAULTS.full_day_s,
        validators=[MinValueValidator(HOUR), MaxValueValidator(LONGEST_MAX_S)],
    )

    class Meta:
        ordering: ClassVar = ["project", "from_local"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "from_local"], name="site_rules_once"),
            models.CheckConstraint(condition=Q(until_local__gt=models.F("from_local")), name="site_rules_span"),
        ]


class Shift(OfSite):
    """A shift of a site, by the wall clock. One that ends before it begins crosses midnight."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="shifts")
    name = models.CharField(_("name"), max_length=40)
    starts = models.TimeField(_("starts"))
    ends = models.TimeField(_("ends"))
    grace_minutes = models.IntegerField(
        _("grace in minutes"), default=10, validators=[MinValueValidator(0), MaxValueValidator(120)]
    )

    class Meta:
        ordering: ClassVar = ["starts", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "name"], name="shift_once")]

    def __str__(self) -> str:
        return self.name


class Entrance(OfSite):
    """An entrance without a gate: workers record themselves on the phone, with its place and its code."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="entrances")
    name = models.CharField(_("name"), max_length=80)
    address = models.CharField(max_length=32, unique=True)
    """Random part of the address behind the printed QR code."""
    secret = models.CharField(max_length=64)
    """Makes the code that changes; shown to nobody."""
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    radius_m = models.IntegerField(
        _("radius in metres"), default=150, validators=[MinValueValidator(20), MaxValueValidator(2000)]
    )
    period_s = models.IntegerField(
        _("the code changes"),
        default=60,
        choices=[(60, _("every minute (on a screen)")), (DAY, _("every day (on paper)"))],
    )
    closed = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "name"], name="entrance_once")]

    def __str__(self) -> str:
        return self.name


class PhoneMark(AtSite):
    """What a worker recorded on the phone at an entrance. If the place fits it is a passage at once, else a request."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="phone_marks")
    person = models.ForeignKey(Person, models.PROTECT, related_name="phone_marks")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="phone_marks")
    entrance = models.ForeignKey(Entrance, models.PROTECT, related_name="marks")
    utc = models.DateTimeField(_("time"))
    direction = models.CharField(max_length=3)
    distance_m = models.IntegerField(_("distance in metres"), null=True)
    """From the entrance; None: the phone did not say where it is. The place itself is not kept."""
    counted = models.BooleanField(default=False)
