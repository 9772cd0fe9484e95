"""Published support measures, and the applications of enterprises."""

from functools import cached_property
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.cases.models import Case
from district.permissions import Permission
from district.places.models import Enterprise
from district.scope import Scope, VisibleModel
from district.support.rules.clauses import CompleteClause, Words
from district.support.rules.states import OPEN, ApplicationState

STATE_NAMES = {
    ApplicationState.SENT: pgettext_lazy("support", "Sent"),
    ApplicationState.ASKED: pgettext_lazy("support", "Waits for the enterprise"),
    ApplicationState.GRANTED: pgettext_lazy("support", "Granted"),
    ApplicationState.REFUSED: pgettext_lazy("support", "Refused"),
    ApplicationState.PAID: pgettext_lazy("support", "Paid"),
    ApplicationState.WITHDRAWN: pgettext_lazy("support", "Withdrawn"),
}


class SupportMeasure(VisibleModel):
    """One version of a measure. It never changes: a new file makes a new version, and the old one is retired."""

    permission: ClassVar[Permission] = Permission.SEE_SUPPORT
    key = models.CharField(_("measure"), max_length=40)
    version = models.PositiveIntegerField(_("version"))
    content = models.JSONField()
    """`rules.clauses.CompleteClause` as JSON; amounts are texts, so that they stay exact."""
    by = models.CharField(_("published by"), max_length=150)
    published = models.DateTimeField(_("published"), default=timezone.now)
    retired = models.DateTimeField(_("out of use"), null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["key", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key", "version"], name="support_version_once"),
            models.UniqueConstraint(fields=["key"], condition=Q(retired=None), name="support_one_in_force"),
        ]

    def __str__(self) -> str:
        return self.in_language(self.whole.clause.name)

    @cached_property
    def whole(self) -> CompleteClause:
        """Return the measure with its questions. It is read once: a list asks for it in each column."""
        return CompleteClause.model_validate(self.content)

    @staticmethod
    def in_language(words: Words) -> str:
        """Return a text of a file in the reader's language."""
        return words.zh if (translation.get_language() or "").startswith("zh") else words.en

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show all: the district publishes its measures for every enterprise."""
        return Q()


class SupportApplication(VisibleModel):
    """An enterprise's application for one version of a measure, with the answers and the result of that day."""

    permission: ClassVar[Permission] = Permission.SEE_SUPPORT
    measure = models.ForeignKey(SupportMeasure, models.PROTECT, related_name="applications")
    key = models.CharField(_("measure"), max_length=40)
    """The measure's, so that one application is open in all its versions."""
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="support_applications")
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=[(one.value, name) for one, name in STATE_NAMES.items()],
        default=ApplicationState.SENT.value,
    )
    answers = models.JSONField(_("answers"), default=dict)
    result = models.JSONField(_("result"), default=dict)
    """`rules.calculator.Assessment.stored`, as the enterprise saw it."""
    amount = models.DecimalField(_("calculated amount"), max_digits=14, decimal_places=2)
    granted = models.DecimalField(_("granted amount"), max_digits=14, decimal_places=2, null=True, blank=True)
    why = models.CharField(_("reason"), max_length=500, blank=True)
    """The office's last question or decision, or the enterprise's last answer."""
    by = models.CharField(_("sent by"), max_length=150)
    made = models.DateTimeField(_("sent"), default=timezone.now)
    changed = models.DateTimeField(_("last change"), default=timezone.now)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)
    case = models.OneToOneField(Case, models.SET_NULL, null=True, blank=True, related_name="support_application")
    """It holds the clocks, the owner and the escalation, and closes when the enterprise confirms the decision."""

    class Meta:
        ordering: ClassVar = ["-made", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enterprise", "key"], condition=Q(state__in=OPEN), name="support_one_open"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="support_amount_positive"),
            models.CheckConstraint(condition=Q(granted=None) | Q(granted__gt=0), name="support_granted_positive"),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "made"]), models.Index(fields=["enterprise", "made"])]

    def __str__(self) -> str:
        return f"{self.enterprise.name} · {self.key}"

    @property
    def audit_scope(self) -> tuple[str, int | None]:
        """Return the enterprise's seat, and the enterprise, for the audit record."""
        return self.enterprise.audit_scope

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of enterprises seated in the scope, and the account's own."""
        return scope.places("enterprise__place__path") | scope.employers()


class SupportStep(VisibleModel):
    """One row of an application's history: what was done, by whom, and what was said."""

    permission: ClassVar[Permission] = Permission.SEE_SUPPORT
    application = models.ForeignKey(SupportApplication, models.CASCADE, related_name="steps")
    state = models.CharField(
        _("state"), max_length=10, choices=[(one.value, name) for one, name in STATE_NAMES.items()]
    )
    """Where the application stood after it."""
    by = models.CharField(_("by"), max_length=150)
    at = models.DateTimeField(_("time"), default=timezone.now)
    said = models.CharField(_("note"), max_length=500, blank=True)

    class Meta:
        ordering: ClassVar = ["pk"]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the steps of visible applications."""
        return Q(application__in=SupportApplication.objects.filter(SupportApplication.visible_q(scope)))
