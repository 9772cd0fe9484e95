"""Courses: pages with pictures and videos, and the questions of a short test."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.people.rules import TRADES
from district.permissions import Permission
from district.places.models import Place, Project
from district.scope import Scope, VisibleModel


class Course(VisibleModel):
    """A course that holds for the sites of a place, for all trades or for one."""

    class State(models.TextChoices):
        """Whether workers see it."""

        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Shown to workers")
        RETIRED = "retired", _("Not shown any more")

    class Proof(models.TextChoices):
        """What completes it after the test."""

        GATE = "gate", _("Code and face at a gate")
        TEST = "test", _("The test alone")

    permission: ClassVar[Permission] = Permission.SEE_TRAINING
    title = models.CharField(_("title"), max_length=120)
    kind = models.CharField(_("counts as training"), max_length=60)
    """The kind of the certificate, by which sites ask for it."""
    about = models.CharField(_("what it is for"), max_length=500, blank=True)
    place = models.ForeignKey(Place, models.PROTECT, related_name="courses")
    trade = models.CharField(_("trade"), max_length=4, blank=True, choices=[(c, n[0]) for c, n in TRADES.items()])
    """"" is every trade."""
    valid_days = models.PositiveSmallIntegerField(_("valid for days"), default=365)
    asked = models.PositiveSmallIntegerField(_("questions in a test"), default=5)
    pass_percent = models.PositiveSmallIntegerField(_("percent to pass"), default=80)
    proof = models.CharField(_("completed by"), max_length=8, choices=Proof.choices, default=Proof.GATE)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFT)
    by = models.CharField(_("made by"), max_length=150)
    made = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        ordering: ClassVar = ["title", "pk"]
        indexes: ClassVar = [models.Index(fields=["place", "state"])]

    def __str__(self) -> str:
        return self.title

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of places in the scope, and those of places above the scope or above its enterprises' sites."""
        firsts = {first for first, _end in scope.ranges}
        if scope.enterprises:
            sites = Project.objects.filter(Project.visible_q(Scope(enterprises=scope.enterprises)))
            firsts |= set(sites.order_by().values_list("place__path", flat=True))
        above = {path for first in firsts for path in Place.paths_to(first)}
        return scope.places("place__path") | Q(place__path__in=above)


class OfCourse(VisibleModel):
    """A row that belongs to a course. Who sees the course sees it."""

    permission: ClassVar[Permission] = Permission.SEE_TRAINING

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the rows of visible courses."""
        return Q(course__in=Course.objects.filter(Course.visible_q(scope)))


class CourseMedia(OfCourse):
    """A picture or a video of a course. Its bytes stand in parts, so that a phone can ask for a piece of a video."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="media")
    mime = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    """SHA-256. The same file in a course is stored once."""
    made = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["course", "digest"], name="course_media_once")]

    @property
    def is_video(self) -> bool:
        """Say whether it is a video."""
        return self.mime.startswith("video/")


class MediaPart(VisibleModel):
    """A piece of a file: PART_BYTES long, but for the last."""

    permission: ClassVar[Permission] = Permission.SEE_TRAINING
    media = models.ForeignKey(CourseMedia, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["media", "number"], name="media_part_once")]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible files."""
        return Q(media__in=CourseMedia.objects.filter(CourseMedia.visible_q(scope)))


class CoursePage(OfCourse):
    """A page of a course: a heading, a text, and a picture or a video."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="pages")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(_("heading"), max_length=120)
    text = models.TextField(_("text"), max_length=4_000, blank=True)
    media = models.ForeignKey(CourseMedia, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["course", "position", "pk"]

    def __str__(self) -> str:
        return self.title


class CourseQuestion(OfCourse):
    """A question with one right answer."""

    course = models.ForeignKey(Course, models.CASCADE, related_name="questions")
    text = models.CharField(_("question"), max_length=300)
    choices = models.JSONField(default=list)
    right = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["course", "pk"]

    def __str__(self) -> str:
        return self.text
