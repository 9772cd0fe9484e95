"""What gates and phones said: passages and refusals, each by the key of its event."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.people.models import Assignment, Person
from district.permissions import Permission
from district.places.models import Enterprise, Place, Project
from district.scope import NOTHING, Scope, VisibleModel


class AtSite(VisibleModel):
    """A row of a person on a site, with the employer of that day. It stays visible to who saw it then."""

    permission: ClassVar[Permission] = Permission.SEE_ATTENDANCE

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the rows on sites in the scope and of the account's enterprises.

        The sites are named one by one. An index that begins with the site then gives the rows in their order. No row of
        a district is asked for its place.
        """
        if scope.whole and not Place.objects.filter(depth=1).exclude(scope.places()).exists():
            return ~NOTHING
        there = Q(project__in=_sites(Project.objects.filter(scope.places("place__path"))))
        if not scope.enterprises:
            return there
        # Each row has its employer from an assignment.
        employed = Project.objects.filter(pk__in=Assignment.objects.filter(scope.employers()).values("project"))
        return there | (scope.employers() & Q(project__in=_sites(employed)))


def _sites(found: "QuerySet[Project]") -> list[int]:
    return list(found.order_by("pk").values_list("pk", flat=True))


class FeedLine(models.Model):
    """One journal of a gate, or one source of passages of our own. Passages name it by number: that saves a hundred
    bytes for each.
    """

    gate_id = models.CharField(max_length=64)
    line = models.CharField(max_length=120)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["gate_id", "line"], name="feed_line_once")]


class Passage(AtSite):
    """One passage or refusal, by the event's own key (line, seq)."""

    class Direction(models.TextChoices):
        """Which way somebody went."""

        IN = "in", _("in")
        OUT = "out", _("out")

    class Source(models.TextChoices):
        """Who said so."""

        GATE = "gate", _("gate")
        PHONE = "phone", _("phone")
        CORRECTION = "correction", _("correction")

    line = models.ForeignKey(FeedLine, models.CASCADE, related_name="passages", db_index=False)
    seq = models.BigIntegerField()
    project = models.ForeignKey(Project, models.PROTECT, related_name="passages", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="passages", db_index=False)
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, related_name="passages", db_index=False)
    """The employer on that day, for rights."""
    assignment = models.ForeignKey(
        Assignment, models.DO_NOTHING, null=True, related_name="passages", db_index=False, db_constraint=False
    )
    """The work on that day: employer, team and trade of stays and days come from it. It may be deleted: that must not
    look through all passages."""
    worker_id = models.CharField(max_length=64, blank=True)
    """Of a worker whom nobody registered here, and of a merged record. Its passages return if the merge is taken back.
    Empty otherwise."""
    utc = models.DateTimeField(_("time"))
    local = models.BigIntegerField()
    """The same as seconds of the wall clock since 1970: days and nights are counted in it."""
    direction = models.CharField(_("direction"), max_length=3, choices=Direction.choices)
    granted = models.BooleanField(_("granted"))
    """False: a refusal. It counts in no stay."""
    reason = models.CharField(_("reason"), max_length=40)
    source = models.CharField(_("source"), max_length=10, choices=Source.choices, default=Source.GATE)
    set_aside = models.BooleanField(_("set aside"), default=False)
    """By an approved correction, or not yet confirmed. It counts in no stay."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["line", "seq"], name="passage_once")]
        indexes: ClassVar = [
            models.Index(fields=["project", "utc"], name="passage_project"),
            models.Index(fields=["person", "utc"], name="passage_person"),
            models.Index(fields=["project", "utc", "reason"], condition=Q(granted=False), name="passage_refused"),
            models.Index(fields=["worker_id"], condition=~Q(worker_id=""), name="passage_unknown"),
        ]


class FeedGap(models.Model):
    """Events that HQ does not hold: who reads a ledger must know that something is missing."""

    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="feed_gaps")
    gate_id = models.CharField(max_length=64)
    line = models.CharField(max_length=120)
    seq = models.BigIntegerField()
    last_seq = models.BigIntegerField()
    why = models.CharField(max_length=40, blank=True)
    noted = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["gate_id", "line", "seq", "last_seq"], name="feed_gap_once")
        ]


class UnplacedEntry(models.Model):
    """A feed entry of a site that nobody registered here. It is read again when somebody registers the site."""

    site_id = models.CharField(max_length=64, db_index=True)
    gate_id = models.CharField(max_length=64)
    line = models.CharField(max_length=120)
    seq = models.BigIntegerField()
    entry = models.JSONField()
    noted = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["gate_id", "line", "seq"], name="unplaced_once")]
