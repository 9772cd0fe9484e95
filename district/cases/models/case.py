"""Cases."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.cases.names import CATEGORY_NAMES, KIND_NAMES, STATE_NAMES
from district.cases.rules import HEALTH_KINDS, WITH_DESK_OR_OWNER, CaseKind, CaseState
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

    def overdue(self, now: datetime) -> Self:
        """Keep the cases of which a clock has run out."""
        late = Q(answered=None, answer_due__lt=now) | Q(solution_due__lt=now)
        return self.filter((_OWED & late) | Q(state=CaseState.RESOLVED.value, confirm_due__lt=now))

    def owed(self) -> Self:
        """Keep the cases whose next step the district owes: only these escalate."""
        return self.filter(_OWED)

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
    """None: a program or a worker's phone reported it."""
    reporter_person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="reported_cases")
    """The worker who reported it on a phone, and who confirms it there."""
    discreet = models.BooleanField(_("kept from the site"), default=False)
    """The site and the employers do not see it, and nobody sees the worker's name."""
    category = models.CharField(
        _("category"), max_length=12, choices=[(c.value, name) for c, name in CATEGORY_NAMES.items()], blank=True
    )
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
    closed = models.DateTimeField(pgettext_lazy("case", "closed"), null=True, blank=True, db_index=True)
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
        """Show cases at places of the scope, those that its places answer, and those of its enterprises' people.

        A discreet case is shown from the reporter's place upwards, and to who answers it.
        """
        contractors = scope.employers("place__project__general_contractor") & Q(person=None)
        employers = scope.employers() | seen_from_employers(scope) | contractors
        open_ones = Q(discreet=False) & (scope.places("place__path") | employers)
        return open_ones | scope.places("reporter_place__path") | scope.places("desk__path")

    @property
    def number(self) -> str:
        """Return the number under which people speak of it."""
        return f"#{self.pk}"

    @property
    def of_health(self) -> bool:
        """Say whether it tells something of a person's health."""
        return CaseKind(self.kind) in HEALTH_KINDS

    @property
    def next_due(self) -> datetime | None:
        """Return the next deadline of its clocks; None once it is confirmed."""
        state = CaseState(self.state)
        if state in WITH_DESK_OR_OWNER:
            return self.answer_due if self.answered is None else self.solution_due
        return self.confirm_due if state is CaseState.RESOLVED else None

    def overdue_at(self, now: datetime) -> bool:
        """Say whether a clock has run out."""
        due = self.next_due
        return due is not None and due < now
