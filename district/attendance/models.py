"""Passages from the gates, and what is projected from them: stays and attendance days."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from district.people.models import Person, Team
from district.permissions import Permission
from district.places.models import Enterprise, Project
from district.scope import Scope, VisibleModel


class AtSite(VisibleModel):
    """A row of a person on a site, with the employer of that day: it stays visible to who saw it then."""

    permission: ClassVar[Permission] = Permission.SEE_ATTENDANCE

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the rows on sites in the scope and of the account's enterprises."""
        return scope.places("project__place__path") | scope.employers()


class Passage(AtSite):
    """One passage or refusal that a gate recorded, by the event's own key."""

    class Direction(models.TextChoices):
        """Which way somebody went."""

        IN = "in", _("in")
        OUT = "out", _("out")

    gate_id = models.CharField(max_length=63)
    line = models.CharField(max_length=120)
    seq = models.BigIntegerField()
    project = models.ForeignKey(Project, models.PROTECT, related_name="passages")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="passages")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="passages")
    utc = models.DateTimeField(_("time"))
    direction = models.CharField(_("direction"), max_length=3, choices=Direction.choices)
    granted = models.BooleanField(_("granted"))
    reason = models.CharField(_("reason"), max_length=40)
    source = models.CharField(_("source"), max_length=10, default="gate")
    """`gate`, `phone` (a site without a gate) or `correction` (approved)."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["gate_id", "line", "seq"], name="passage_once")]
        indexes: ClassVar = [models.Index(fields=["project", "utc"]), models.Index(fields=["person", "utc"])]


class Stay(AtSite):
    """From an entry to its exit. An open stay is somebody inside."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="stays")
    person = models.ForeignKey(Person, models.PROTECT, related_name="stays")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="stays")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="stays")
    trade = models.CharField(max_length=4, blank=True)
    came = models.DateTimeField(_("came"))
    left = models.DateTimeField(_("left"), null=True)
    missing_exit = models.BooleanField(_("missing exit"), default=False)
    """Closed by the rule and not by a passage: nobody saw the person leave."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["project", "person"], condition=Q(left__isnull=True), name="stay_open"),
            models.Index(fields=["person", "came"]),
            models.Index(fields=["project", "came", "left"]),
        ]


class Day(AtSite):
    """One person's day on one site: first in, last out, hours. Made from passages and approved corrections, never
    edited.
    """

    project = models.ForeignKey(Project, models.PROTECT, related_name="days")
    person = models.ForeignKey(Person, models.PROTECT, related_name="days")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="days")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="days")
    trade = models.CharField(max_length=4, blank=True)
    date = models.DateField(_("date"))
    first_in = models.DateTimeField(_("first in"), null=True)
    last_out = models.DateTimeField(_("last out"), null=True)
    seconds = models.IntegerField(_("time inside"), default=0)
    night_seconds = models.IntegerField(_("of it at night"), default=0)
    missing_exit = models.BooleanField(_("missing exit"), default=False)
    corrected = models.BooleanField(_("corrected"), default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "person", "date"], name="day_once")]
        indexes: ClassVar = [models.Index(fields=["team", "date"]), models.Index(fields=["project", "date"])]
