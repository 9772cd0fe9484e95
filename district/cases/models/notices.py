"""Who hears of a case, what goes to the broker, which events opened cases, and counts for figures."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.cases.models.case import Case
from district.cases.models.parts import CaseStep, OfCase
from district.cases.names import KIND_NAMES
from district.permissions import Permission
from district.places.models import Place
from district.scope import Scope, VisibleModel


class CaseNotice(OfCase):
    """What one account hears of a case: on the page at once, by mail after quiet hours."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="notices")
    step = models.ForeignKey(CaseStep, models.CASCADE, related_name="notices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="case_notices")
    made = models.DateTimeField(_("time"), default=timezone.now)
    leaves = models.DateTimeField()
    """When the mail may leave."""
    mailed = models.DateTimeField(null=True, blank=True)
    """When the mail left, or was given up."""
    tries = models.PositiveSmallIntegerField(default=0)
    seen = models.DateTimeField(_("seen"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-made", "-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["step", "user"], name="case_notice_once")]
        indexes: ClassVar = [
            models.Index(fields=["leaves"], condition=Q(mailed=None), name="case_notice_to_mail"),
            models.Index(fields=["user", "-made"], name="case_notice_of_user"),
        ]


class CaseBroadcast(OfCase):
    """A step that waits for the broker. It goes when the broker has it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="+")
    step = models.OneToOneField(CaseStep, models.CASCADE, related_name="broadcast")


class CaseTrigger(models.Model):
    """An event of a gate that opened a case or belongs to one: the same event again opens none."""

    gate_id = models.CharField(max_length=63)
    line = models.CharField(max_length=200)
    seq = models.BigIntegerField()
    made = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["gate_id", "line", "seq"], name="case_trigger_once")]


class CaseTally(VisibleModel):
    """Counts of one day, one town and one kind. They name nobody, and stay when the cases are erased."""

    permission: ClassVar[Permission] = Permission.SEE_CASES
    day = models.DateField(_("day"))
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    """The town, or the district if no town is above."""
    kind = models.CharField(_("type"), max_length=16, choices=[(k.value, name) for k, name in KIND_NAMES.items()])
    opened = models.PositiveIntegerField(default=0)
    late = models.PositiveIntegerField(default=0)
    """Closed cases that were solved after their deadline."""
    minutes = models.JSONField(default=list)
    """For each case closed on the day: minutes from its report until it closed."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "place", "kind"], name="case_tally_once")]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of towns in the scope."""
        return scope.places("place__path")
