"""Where people work: teams, employers, sites, each for a time."""

from typing import ClassVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from district.people.models.person import WIDE, OfPerson, Person, seen_from_places
from district.people.rules import TRADES
from district.permissions import Permission
from district.places.models import Enterprise, Project
from district.scope import Scope, VisibleModel


class Team(VisibleModel):
    """A team on a site, of one enterprise, with its leader."""

    called_by: ClassVar[str] = "name"
    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    project = models.ForeignKey(Project, models.CASCADE, related_name="teams")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="teams")
    name = models.CharField(_("name"), max_length=80)
    leader = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="leads")
    platform_number = models.CharField(_("platform number"), max_length=40, blank=True)
    retired = models.DateField(_("retired"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "enterprise", "name"], name="team_once")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the teams of sites in the scope and of the account's enterprises."""
        return scope.places("project__place__path") | scope.employers()


class Employment(OfPerson):
    """A person's employer, for a time: the history of employers. Employments do not overlap at one employer."""

    permission: ClassVar[Permission] = Permission.SEE_RECORDS
    person = models.ForeignKey(Person, models.CASCADE, related_name="employments")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="employments")
    starts = models.DateField(_("starts"))
    ends = models.DateField(_("ends"), null=True, blank=True)
    contract_number = models.CharField(_("contract"), max_length=60, blank=True)
    contract_ends = models.DateField(_("contract ends"), null=True, blank=True, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="employment_in_order"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["enterprise", "ends", "person"]),
            models.Index(fields=["starts", "id"]),
        ]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those at the account's enterprises, and those of people at places of the scope. A new employer does
        not see the former ones.
        """
        return scope.employers() | seen_from_places(scope)


class Assignment(VisibleModel):
    """A person's work on a site, for a time: the history of sites, and who may pass which gates."""

    class Role(models.IntegerChoices):
        """The national platform's `workRole`."""

        MANAGER = 10, _("Manager")
        WORKER = 20, _("Worker")

    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    person = models.ForeignKey(Person, models.CASCADE, related_name="assignments")
    project = models.ForeignKey(Project, models.PROTECT, related_name="assignments")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="assignments")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="assignments")
    trade = models.CharField(_("trade"), max_length=4, default="1000", choices=[(c, n[0]) for c, n in TRADES.items()])
    """The national platform's `workType`; `people.rules.TRADES` names them."""
    role = models.IntegerField(_("role"), choices=Role.choices, default=Role.WORKER)
    starts = models.DateField(_("starts"))
    ends = models.DateField(_("ends"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")), name="assignment_in_order"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "ends", "person"]),
            models.Index(fields=["starts", "id"]),
            models.Index(fields=["trade", "person"]),
            models.Index(fields=["enterprise", "person"]),
            models.Index(fields=["ends"]),
        ]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those on sites in the scope and those of the account's enterprises. Of a district or town they are
        many: each shown row is asked for its site.
        """
        if not scope.ranges or min(len(first) for first, _end in scope.ranges) > WIDE:
            return scope.places("project__place__path") | scope.employers()
        sites = Project.objects.filter(scope.places("place__path"), pk=OuterRef("project"))
        return Exists(sites) | scope.employers()
