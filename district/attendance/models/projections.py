"""What is made from passages: stays and days. Never edited; `attendance.projection` makes them again at any time.

Their foreign keys have no constraint in the database: 18 million checks would cost minutes of each rebuild. The
passages have them.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from district.attendance.models.passages import AtSite, Passage
from district.people.models import Assignment, Person, Team
from district.permissions import Permission
from district.places.models import Enterprise, Project

INSIDE = Q(left__isnull=True, missing_exit=False)
"""The stays of who is inside now."""
FLAGGED = Q(missing_exit=True) | Q(missing_entry=True)
"""The days on which a passage is missing."""


class Stay(AtSite):
    """From an entry to its exit. An open stay without `missing_exit` is somebody inside."""

    entry = models.OneToOneField(Passage, models.CASCADE, related_name="stay", db_constraint=False)
    project = models.ForeignKey(Project, models.DO_NOTHING, related_name="stays", db_index=False, db_constraint=False)
    person = models.ForeignKey(Person, models.DO_NOTHING, related_name="stays", db_index=False, db_constraint=False)
    enterprise = models.ForeignKey(
        Enterprise, models.DO_NOTHING, null=True, related_name="stays", db_index=False, db_constraint=False
    )
    team = models.ForeignKey(
        Team, models.DO_NOTHING, null=True, related_name="stays", db_index=False, db_constraint=False
    )
    assignment = models.ForeignKey(
        Assignment, models.DO_NOTHING, null=True, related_name="stays", db_index=False, db_constraint=False
    )
    trade = models.CharField(_("trade"), max_length=4, blank=True)
    date = models.DateField(_("date"))
    """The working day that it counts for: a night shift counts for the day on which it began."""
    came = models.DateTimeField(_("came"))
    left = models.DateTimeField(_("left"), null=True)
    seconds = models.IntegerField(_("time inside"), default=0)
    night_seconds = models.IntegerField(_("of it at night"), default=0)
    missing_exit = models.BooleanField(_("missing exit"), default=False)
    """Nobody saw the person leave: another entry followed, or the longest stay is over."""
    missing_entry = models.BooleanField(_("missing entry"), default=False)
    """Nobody saw the person come: `came` is the time of the exit."""
    corrected = models.BooleanField(_("corrected"), default=False)

    class Meta:
        indexes: ClassVar = [
            # Holds what is counted: the rows themselves lie all over the table.
            models.Index(
                fields=["project", "enterprise", "team", "trade", "came", "person"],
                condition=INSIDE,
                name="stay_inside",
            ),
            models.Index(fields=["came"], condition=INSIDE, name="stay_came"),
            # Of 100,000 people in the order of their names, it finds those who are inside.
            models.Index(fields=["person"], condition=INSIDE, name="stay_inside_person"),
            models.Index(fields=["person", "came"], name="stay_person"),
            # Holds all that tells who was there together: a big site has 100,000 stays in two weeks.
            models.Index(
                fields=["project", "came", "left", "person", "missing_exit", "missing_entry"], name="stay_together"
            ),
        ]


class Day(AtSite):
    """One person's working day on one site: first in, last out, hours."""

    permission: ClassVar[Permission] = Permission.SEE_ATTENDANCE
    project = models.ForeignKey(Project, models.DO_NOTHING, related_name="days", db_index=False, db_constraint=False)
    person = models.ForeignKey(Person, models.DO_NOTHING, related_name="days", db_index=False, db_constraint=False)
    enterprise = models.ForeignKey(
        Enterprise, models.DO_NOTHING, null=True, related_name="days", db_index=False, db_constraint=False
    )
    team = models.ForeignKey(
        Team, models.DO_NOTHING, null=True, related_name="days", db_index=False, db_constraint=False
    )
    trade = models.CharField(_("trade"), max_length=4, blank=True)
    date = models.DateField(_("date"))
    first_in = models.DateTimeField(_("first in"), null=True)
    last_out = models.DateTimeField(_("last out"), null=True)
    seconds = models.IntegerField(_("time inside"), default=0)
    night_seconds = models.IntegerField(_("of it at night"), default=0)
    missing_exit = models.BooleanField(_("missing exit"), default=False)
    missing_entry = models.BooleanField(_("missing entry"), default=False)
    corrected = models.BooleanField(_("corrected"), default=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "date", "project"], name="day_once")]
        indexes: ClassVar = [
            models.Index(fields=["team", "date"], name="day_team"),
            models.Index(fields=["project", "date", "id"], name="day_project"),
            models.Index(fields=["enterprise", "date", "id"], name="day_employer"),
            models.Index(fields=["date", "id"], name="day_date"),
            models.Index(
                fields=["project", "date", "person"],
                condition=FLAGGED,
                name="day_flagged",
            ),
            models.Index(fields=["date", "id"], condition=FLAGGED, name="day_flagged_date"),
        ]
