"""What workers learn on the phone, what proves it, and what came of it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.people.models import Person
from district.people.models.person import OfPerson
from district.permissions import Permission
from district.training.models.classes import ClassSession
from district.training.models.courses import Course
from district.training.rules import Step


class Learning(OfPerson):
    """A worker's way through a course on the phone: pages, test, proof."""

    permission: ClassVar[Permission] = Permission.SEE_TRAINING
    person = models.ForeignKey(Person, models.CASCADE, related_name="learnings")
    course = models.ForeignKey(Course, models.CASCADE, related_name="learnings")
    session_name = models.CharField(max_length=32, unique=True)
    """The gates' name of it."""
    started = models.DateTimeField(_("started"), default=timezone.now)
    pages_read = models.PositiveSmallIntegerField(_("pages read"), default=0)
    passed = models.DateTimeField(_("test passed"), null=True, blank=True)
    completed = models.DateTimeField(_("completed"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-started", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "course"], condition=Q(completed=None), name="learning_once")
        ]


class CourseAttempt(OfPerson):
    """One try of a test."""

    permission: ClassVar[Permission] = Permission.SEE_TRAINING
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    learning = models.ForeignKey(Learning, models.CASCADE, related_name="attempts")
    taken = models.DateTimeField(default=timezone.now)
    right = models.PositiveSmallIntegerField()
    asked = models.PositiveSmallIntegerField()
    passed = models.BooleanField()

    class Meta:
        ordering: ClassVar = ["learning", "pk"]


class TrainingProof(OfPerson):
    """A gate saw a code of training, or somebody confirmed who learned. Proofs that failed are kept too."""

    permission: ClassVar[Permission] = Permission.SEE_TRAINING
    person = models.ForeignKey(Person, models.CASCADE, related_name="training_proofs")
    learning = models.ForeignKey(Learning, models.CASCADE, null=True, blank=True, related_name="proofs")
    session = models.ForeignKey(ClassSession, models.CASCADE, null=True, blank=True, related_name="proofs")
    step = models.CharField(_("step"), max_length=8, choices=[(step.value, step.value) for step in Step])
    utc = models.DateTimeField(_("at what time"))
    proven = models.BooleanField(_("counts"))
    by_face = models.BooleanField(_("by face"), default=False)
    by = models.CharField(_("confirmed by"), max_length=150, blank=True)
    why = models.CharField(_("reason"), max_length=500, blank=True)
    gate_name = models.CharField(_("gate"), max_length=64, blank=True)
    """HQ's name of the gate; "" without one."""
    line = models.CharField(max_length=140, blank=True)
    seq = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["-utc", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["gate_name", "line", "seq"], condition=~Q(gate_name=""), name="training_proof_once"
            )
        ]


class CourseCompletion(OfPerson):
    """Somebody completed a course. The certificate that follows stands among the person's trainings."""

    permission: ClassVar[Permission] = Permission.SEE_TRAINING
    person = models.ForeignKey(Person, models.CASCADE, related_name="course_completions")
    course = models.ForeignKey(Course, models.PROTECT, related_name="completions")
    session_name = models.CharField(max_length=32)
    done = models.DateTimeField(_("completed"))
    expires = models.DateField(_("valid until"))
    in_class = models.BooleanField(_("in a class"), default=False)
    by = models.CharField(_("confirmed by"), max_length=150, blank=True)
    """Who confirmed it; "" where a face did."""

    class Meta:
        ordering: ClassVar = ["-done", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "session_name"], name="course_completion_once")
        ]
        indexes: ClassVar = [models.Index(fields=["course", "expires"])]
