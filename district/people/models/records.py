"""What is recorded about the records themselves: merges and possible duplicates."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.people.models.person import OfPerson, Person
from district.permissions import Permission
from district.scope import Scope, VisibleModel


class Merge(OfPerson):
    """Two records that were one person: what moved, so that it can be moved back."""

    permission: ClassVar[Permission] = Permission.MERGE_PEOPLE
    person = models.ForeignKey(Person, models.CASCADE, related_name="merges")
    absorbed = models.ForeignKey(Person, models.CASCADE, related_name="absorptions")
    reason = models.CharField(_("reason"), max_length=40)
    moved = models.JSONField(default=dict)
    """Rows that moved, by table: what undoing needs."""
    done = models.DateTimeField(default=timezone.now)
    done_by = models.CharField(max_length=150)
    undone = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=150, blank=True)

    @property
    def element_id(self) -> str:
        """Return the name of this row's part of a page."""
        return f"merge-{self.pk}"


class DuplicateCandidate(VisibleModel):
    """Two records that may be one person. Somebody who may see both decides."""

    class Decision(models.TextChoices):
        """What was decided."""

        OPEN = "", _("open")
        SAME = "same", _("the same person")
        DIFFERENT = "different", _("two people")

    permission: ClassVar[Permission] = Permission.MERGE_PEOPLE
    first = models.ForeignKey(Person, models.CASCADE, related_name="alike_first")
    second = models.ForeignKey(Person, models.CASCADE, related_name="alike_second")
    score = models.FloatField(_("likeness"))
    found = models.DateTimeField(_("found"), default=timezone.now)
    decision = models.CharField(
        _("decision"), max_length=10, choices=Decision.choices, default=Decision.OPEN, blank=True
    )
    decided = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second"], name="candidate_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="candidate_in_order"),
        ]
        indexes: ClassVar = [models.Index(fields=["decision", "id"])]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the pairs of which both people are visible."""
        people = Person.objects.filter(Person.visible_q(scope))
        return Q(first__in=people) & Q(second__in=people)
