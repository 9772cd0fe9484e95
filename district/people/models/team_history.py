"""What a team was called, and who led it, by dates."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from district.people.models.person import Person
from district.people.models.work import Team
from district.permissions import Permission
from district.scope import Scope, VisibleModel


class TeamPast(VisibleModel):
    """A former name and leader of a team. The present ones stand in the team itself."""

    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    team = models.ForeignKey(Team, models.CASCADE, related_name="past")
    name = models.CharField(_("name"), max_length=80)
    leader = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="led")
    ends = models.DateField(_("last day"))
    """The last day on which this held. It began after the row before."""

    class Meta:
        ordering: ClassVar = ["-ends", "-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "ends"], name="team_past_once")]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible teams."""
        return scope.places("team__project__place__path") | scope.employers("team__enterprise")
