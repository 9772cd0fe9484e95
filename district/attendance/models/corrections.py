"""What people asked to correct, and what workers confirmed. Neither edits a day: an approved request adds a passage or
sets one aside, and the day is made again.
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.attendance.models.passages import AtSite, Passage
from district.people.models import Person
from district.permissions import Permission
from district.places.models import Enterprise, Project


class Correction(AtSite):
    """A request to add a passage that no gate saw, to set one aside, or to count a late one.
    Somebody else approves it.
    """

    class Kind(models.TextChoices):
        """What is asked."""

        ADD = "add", _("add a passage")
        SET_ASIDE = "set_aside", _("set a passage aside")
        LATE = "late", _("count a passage after the settlement")

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", _("open")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        TAKEN_BACK = "taken_back", _("taken back")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    project = models.ForeignKey(Project, models.PROTECT, related_name="corrections")
    person = models.ForeignKey(Person, models.PROTECT, related_name="corrections")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="corrections")
    utc = models.DateTimeField(_("time"))
    """Of the passage to add, or of the one to set aside."""
    direction = models.CharField(_("direction"), max_length=3, choices=Passage.Direction.choices)
    gate_id = models.CharField(max_length=64, blank=True)
    line = models.CharField(max_length=120, blank=True)
    seq = models.BigIntegerField(default=0)
    """The event's own key of the passage to set aside: it holds when everything is read again."""
    why = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    asked = models.DateTimeField(_("asked"), default=timezone.now)
    asked_by = models.CharField(_("asked by"), max_length=150)
    decided = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["project", "state", "-asked"], name="correction_state"),
            models.Index(fields=["gate_id", "line", "seq"], name="correction_passage"),
        ]


class MonthConfirmation(AtSite):
    """A worker's answer to one month on one site: right, or what is wrong."""

    permission: ClassVar[Permission] = Permission.SEE_ATTENDANCE
    project = models.ForeignKey(Project, models.PROTECT, related_name="confirmations")
    person = models.ForeignKey(Person, models.PROTECT, related_name="confirmations")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="confirmations")
    month = models.DateField(_("month"))
    """Its first day."""
    asked = models.DateTimeField(_("asked"), default=timezone.now)
    asked_by = models.CharField(max_length=150)
    answered = models.DateTimeField(_("answered"), null=True, blank=True)
    agrees = models.BooleanField(_("agrees"), null=True, blank=True)
    objection = models.CharField(_("objection"), max_length=300, blank=True)
    days = models.IntegerField(default=0)
    seconds = models.IntegerField(default=0)
    shown_hash = models.CharField(max_length=64, blank=True)
    """SHA-256 of the days that the worker saw: if they change later, the confirmation no longer holds."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "person", "month"], name="month_confirmation_once")
        ]
