"""Classroom sessions and their drawn moments."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from district.permissions import Permission
from district.places.models import Gate, Project
from district.scope import Scope, VisibleModel
from district.training.models.courses import Course


class ClassSession(VisibleModel):
    """One class on a site. Start, drawn moments and end are shown at its terminal."""

    permission: ClassVar[Permission] = Permission.SEE_TRAINING
    course = models.ForeignKey(Course, models.PROTECT, related_name="classes")
    project = models.ForeignKey(Project, models.PROTECT, related_name="classes")
    session_name = models.CharField(max_length=32, unique=True)
    """The gates' name of the session."""
    gate = models.ForeignKey(Gate, models.SET_NULL, null=True, blank=True, related_name="+")
    """The terminal of the classroom. Without one, all gates of the site count."""
    room = models.CharField(_("room"), max_length=80, blank=True)
    starts = models.DateTimeField(_("begins"))
    ends = models.DateTimeField(_("is over"))
    moments_asked = models.PositiveSmallIntegerField(_("random moments"), default=1)
    by = models.CharField(_("teacher"), max_length=150)
    begun = models.DateTimeField(_("begun"), null=True, blank=True)
    ending = models.DateTimeField(null=True, blank=True)
    """When the teacher asked for the last step."""
    over = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-starts", "-pk"]

    def __str__(self) -> str:
        return f"{self.course.title} · {self.project}"

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible sites."""
        return Q(project__in=Project.objects.filter(Project.visible_q(scope)))


class ClassMoment(VisibleModel):
    """A drawn moment. Nobody sees it before it is due."""

    permission: ClassVar[Permission] = Permission.SEE_TRAINING
    session = models.ForeignKey(ClassSession, models.CASCADE, related_name="moments")
    at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["session", "at", "pk"]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible classes."""
        return Q(session__in=ClassSession.objects.filter(ClassSession.visible_q(scope)))
