"""What belongs to a case and goes with it: history, check-list, photos; and the measure that it belongs to."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.cases.models.case import Case
from district.cases.names import ACTION_NAMES, STATE_NAMES
from district.cases.response import Proof
from district.emergency.models import OfMeasure
from district.fields import EncryptedTextField
from district.permissions import Permission
from district.places.models import Place
from district.scope import Account, Scope, VisibleModel, VisibleQuerySet


class OfCaseQuerySet(VisibleQuerySet):
    """Rows of cases."""

    def visible_to(self, user: Account, permission: Permission | None = None) -> Self:
        """Keep the rows of cases that an account may see: those about health need the permission for health too."""
        return self.filter(case__in=Case.objects.visible_to(user, permission).order_by().values("pk"))


class OfCase(VisibleModel):
    """A row that belongs to a case, and goes with it."""

    permission: ClassVar[Permission] = Permission.SEE_CASES
    objects = OfCaseQuerySet.as_manager()  # type: ignore[misc]

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


class CasePhoto(OfCase):
    """A photo that came with a report or a note."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="photos")
    photo = EncryptedTextField(_("photo"))
    """A JPEG without metadata, base64."""
    at = models.DateTimeField(_("time"), default=timezone.now)
    by = models.CharField(_("by"), max_length=150)

    class Meta:
        ordering: ClassVar = ["pk"]
