"""Cases, their history, their check-lists, and the district's calendar."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.cases.names import ACTION_NAMES, KIND_NAMES, STATE_NAMES
from district.cases.response import Proof
from district.cases.rules import HEALTH_KINDS, WITH_DESK_OR_OWNER, CaseState
from district.emergency.models import OfMeasure
from district.fields import EncryptedTextField
from district.people.models import Person
from district.people.models.person import seen_from_employers
from district.permissions import Permission
from district.places.models import Enterprise, Place
from district.scope import Account, Scope, VisibleModel, VisibleQuerySet

_OPEN = ~Q(state=CaseState.CLOSED.value)
_OWED = Q(state__in=[state.value for state in WITH_DESK_OR_OWNER])


class CaseQuerySet(VisibleQuerySet):
    """Cases by scope."""

    def visible_to(self, user: Account, permission: Permission | None = None) -> Self:
        """Keep what an account may see. Cases about health need the permission for health too."""
        health = user.scope(Permission.SEE_HEALTH)
        allowed = ~Q(kind__in=[kind.value for kind in HEALTH_KINDS])
        if not health.empty:
            allowed |= Case.visible_q(health)
        return super().visible_to(user, permission).filter(allowed)

    def kept(self) -> Self:
        """Keep the cases whose measure is not over; most cases have none."""
        running = Q(of_measure__measure__ended=None, of_measure__measure__ends__gte=timezone.localdate())
        return self.filter(Q(of_measure=None) | running)

    def still_open(self) -> Self:
        """Keep the cases that are not closed."""
        return self.filter(_OPEN)


class Case(VisibleModel):
    """Something that somebody must do, from its report until the reporter confirms it and it closes."""

    permission: ClassVar[Permission] = Permission.SEE_CASES
    kind = models.CharField(_("type"), max_length=16, choices=[(k.value, name) for k, name in KIND_NAMES.items()])
    state = models.CharField(
        pgettext_lazy("case", "state"),
        max_length=12,
        choices=[(s.value, name) for s, name in STATE_NAMES.items()],
        default=CaseState.REPORTED.value,
    )
    place = models.ForeignKey(Place, models.PROTECT, related_name="cases")
    """Where it is."""
    desk = models.ForeignKey(Place, models.PROTECT, related_name="desk_cases")
    """The place that answers now. Escalation moves it up, a hand-over moves it anywhere."""
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="cases")
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="reported_cases"
    )
    """None: a program reported it."""
    reporter_place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    """Who works here or above stands in for a reporter that does not answer."""
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="cases")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, null=True, blank=True, related_name="cases")
    """Whose clerks see it, besides those at its place."""
    title = EncryptedTextField(_("title"))
    text = EncryptedTextField(_("description"), blank=True)
    source = models.CharField(_("source"), max_length=80, blank=True)
    """The program, list or gate that opened it."""
    key = models.CharField(max_length=120, blank=True)
    """While a case with a key is open, the same key opens no second one."""
    made = models.DateTimeField(_("reported"), default=timezone.now, db_index=True)
    answer_due = models.DateTimeField(_("first answer due"))
    solution_due = models.DateTimeField(_("solution due"))
    confirm_due = models.DateTimeField(_("confirmation due"), null=True, blank=True)
    answered = models.DateTimeField(_("first answer"), null=True, blank=True)
    resolved = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    closed = models.DateTimeField(pgettext_lazy("case", "closed"), null=True, blank=True)
    reopened = models.PositiveSmallIntegerField(_("times reopened"), default=0)
    escalate_at = models.DateTimeField(null=True, blank=True)
    """When it goes one place up; None at the top of the tree."""
    escalated = models.PositiveSmallIntegerField(_("times escalated"), default=0)
    objects = CaseQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering: ClassVar = ["-made", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key="") & _OPEN, name="case_key_open_once"),
            models.CheckConstraint(
                condition=Q(state=CaseState.REPORTED.value) | Q(owner__isnull=False), name="case_has_its_owner"
            ),
            models.CheckConstraint(condition=_OPEN | Q(closed__isnull=False), name="case_closed_at_a_time"),
            models.CheckConstraint(condition=Q(solution_due__gte=F("answer_due")), name="case_clocks_in_order"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["escalate_at"], condition=_OWED, name="case_to_escalate"),
            models.Index(fields=["place", "state"]),
            models.Index(fields=["owner", "state"]),
            models.Index(fields=["kind", "closed"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.place.name}"

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show cases at places of the scope, those that its places answer, and those of its enterprises' people."""
        contractors = scope.employers("place__project__general_contractor") & Q(person=None)
        employers = scope.employers() | seen_from_employers(scope) | contractors
        return scope.places("place__path") | scope.places("desk__path") | employers


class OfCase(VisibleModel):
    """A row that belongs to a case, and goes with it."""

    permission: ClassVar[Permission] = Permission.SEE_CASES

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the rows of cases in the scope. A page reaches them through a visible case."""
        return Q(case__in=Case.objects.filter(Case.visible_q(scope)))


class CaseStep(OfCase):
    """One row of a case's history. A trigger of the database refuses its change; it goes with its case alone."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="steps")
    action = models.CharField(
        pgettext_lazy("case", "step"), max_length=12, choices=[(a.value, name) for a, name in ACTION_NAMES.items()]
    )
    state = models.CharField(max_length=12, choices=[(s.value, name) for s, name in STATE_NAMES.items()])
    """Where the case stood after it."""
    by = models.CharField(_("by"), max_length=150)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    desk = models.ForeignKey(Place, models.PROTECT, related_name="+")
    """Who had the case after it."""
    at = models.DateTimeField(_("time"), default=timezone.now)
    said = EncryptedTextField(_("note"), blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]


class ResponseStep(OfCase):
    """One line of a case's check-list: what must be done, and the proof that it was."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="response")
    number = models.PositiveSmallIntegerField()
    task = models.CharField(_("task"), max_length=24)
    """A key of `response.TASKS`."""
    proof = models.CharField(_("proof"), max_length=8, choices=[(p.value, p.value) for p in Proof])
    done = models.DateTimeField(_("done"), null=True, blank=True)
    done_by = models.CharField(_("done by"), max_length=150, blank=True)
    said = EncryptedTextField(_("note"), blank=True)
    photo = EncryptedTextField(_("photo"), blank=True)
    """A JPEG without metadata, base64."""

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["case", "number"], name="response_step_once")]


class MeasureCase(OfMeasure):
    """A case that exists only because of a measure: it goes with the measure, with all that hangs on it."""

    permission: ClassVar[Permission] = Permission.SEE_CASES
    case = models.OneToOneField(Case, models.CASCADE, related_name="of_measure")

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of cases in the scope."""
        return Q(case__in=Case.objects.filter(Case.visible_q(scope)))

    @classmethod
    def before_erasing(cls, rows: "models.QuerySet[Any]") -> None:
        """Erase the cases, with their history and their check-lists."""
        Case.objects.filter(pk__in=list(rows.values_list("case", flat=True))).delete()


class CalendarDay(models.Model):
    """A day on which the district works, or does not, other than its weekday says."""

    day = models.DateField(_("day"), primary_key=True)
    works = models.BooleanField(_("working day"))
    name = models.CharField(pgettext_lazy("thing", "name"), max_length=80, blank=True)
    edited_by = models.CharField(_("changed by"), max_length=150, blank=True)
    """Empty: from the published calendar, which may replace it."""

    class Meta:
        ordering: ClassVar = ["day"]


class DutyHours(VisibleModel):
    """Hours of a weekday in one part of the tree. The nearest place above a case that has some decides."""

    class Kind(models.TextChoices):
        """What the hours are."""

        OFFICE = "office", _("Office hours")
        NIGHT = "night", _("Night duty")
        QUIET = "quiet", _("Quiet hours")

    permission: ClassVar[Permission] = Permission.SEE_CASES
    place = models.ForeignKey(Place, models.CASCADE, related_name="duty_hours")
    kind = models.CharField(_("type"), max_length=8, choices=Kind.choices)
    weekday = models.PositiveSmallIntegerField(_("weekday"))
    """0 is Monday. Night duty and quiet hours hold on free days too."""
    begins = models.TimeField(_("begins"))
    ends = models.TimeField(_("ends"))
    """Not after `begins`: on the next day."""
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="duty_hours")
    """Who has night duty."""

    class Meta:
        ordering: ClassVar = ["kind", "weekday", "begins"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="duty_weekday"),
            models.CheckConstraint(condition=~Q(kind="night") | Q(user__isnull=False), name="night_duty_has_somebody"),
            models.UniqueConstraint(fields=["place", "kind", "weekday", "begins"], name="duty_hours_once"),
        ]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of places in the scope."""
        return scope.places("place__path")
