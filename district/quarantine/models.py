"""Orders of quarantine, their extensions, hand-overs and visits."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.emergency.models import OfMeasure
from district.fields import EncryptedTextField
from district.people.models import Person
from district.permissions import Permission
from district.places.models import Enterprise, Place
from district.quarantine.signals import released as released_signal
from district.scope import Scope, VisibleModel


class QuarantineOrder(OfMeasure):
    """Somebody stays at a place from one day until another. Somebody who is no worker has a name here alone."""

    permission: ClassVar[Permission] = Permission.SEE_HEALTH
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="quarantines")
    enterprise = models.ForeignKey(Enterprise, models.SET_NULL, null=True, blank=True, related_name="+")
    """The employer when it was ordered, who sees it too."""
    name = EncryptedTextField(_("name"), blank=True)
    name_index = models.CharField(max_length=43, blank=True)
    """Finds somebody who is no worker by the whole name."""
    phone = EncryptedTextField(_("phone"), blank=True)
    place = models.ForeignKey(Place, models.PROTECT, related_name="+", verbose_name=_("place"))
    """The part of the tree that follows the quarantine."""
    at_home = models.BooleanField(_("at home"), default=False)
    where = EncryptedTextField(_("address or room"), blank=True)
    starts = models.DateField(_("first day"))
    ends = models.DateField(_("last day"))
    ordered = models.DateField(_("ordered on"), default=timezone.localdate)
    """Visits are due from this day on. `made` begins again with each extension."""
    why = models.CharField(_("reason"), max_length=300)
    visits_each_day = models.PositiveSmallIntegerField(_("visits each day"), default=2)
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("with"))
    """Who answers for the person now."""
    by = models.CharField(_("ordered by"), max_length=150)
    released = models.DateTimeField(_("released"), null=True, blank=True)
    outcome = models.CharField(_("how it ended"), max_length=300, blank=True)
    key = models.CharField(max_length=80, blank=True)
    """Of a program that orders: the same key is the same order."""
    gates_told = models.DateTimeField(null=True, blank=True)
    """When the gates were asked to hold the person. Null: not yet, or somebody who is no worker."""

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="quarantine_in_order"),
            models.UniqueConstraint(
                fields=["measure", "person"],
                condition=Q(released=None, person__isnull=False),
                name="quarantine_once_at_a_time",
            ),
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="quarantine_key_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["place", "ends"], condition=Q(released=None), name="quarantine_open"),
            models.Index(fields=["holder"], condition=Q(released=None), name="quarantine_of_holder"),
            models.Index(
                fields=["starts"],
                condition=Q(released=None, gates_told=None, person__isnull=False),
                name="quarantine_gates_to_tell",
            ),
        ]

    def __str__(self) -> str:
        return str(self.person) if self.person else self.name

    @property
    def audit_scope(self) -> tuple[str, int | None]:
        """Return the place that follows it, and the employer, for the audit record."""
        return self.place.path, self.enterprise_id

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the orders of places in the scope, those on offer to one of them, and those of its enterprises."""
        offered = QuarantineHandOver.objects.filter(OPEN_OFFER, scope.places("place__path")).values("order")
        return scope.places("place__path") | scope.employers() | Q(pk__in=offered)

    @classmethod
    def before_erasing(cls, rows: "models.QuerySet[Any]") -> None:
        """Tell who closed gates because of an order that it goes."""
        for order in rows.filter(released=None).select_related("person"):
            released_signal.send(cls, order=order)


OPEN_OFFER = Q(accepted=None, taken_back=None)
"""A hand-over that waits for its receiver."""


class OfOrder(VisibleModel):
    """A row that hangs on an order, and goes with it."""

    permission: ClassVar[Permission] = Permission.SEE_HEALTH

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the rows of visible orders."""
        return Q(order__in=QuarantineOrder.objects.filter(QuarantineOrder.visible_q(scope)))


class QuarantineExtension(OfOrder):
    """A later last day, and why."""

    order = models.ForeignKey(QuarantineOrder, models.CASCADE, related_name="extensions")
    before = models.DateField(_("until then"))
    ends = models.DateField(_("last day"))
    why = models.CharField(_("reason"), max_length=300)
    by = models.CharField(_("extended by"), max_length=150)
    made = models.DateTimeField(default=timezone.now)


class QuarantineHandOver(OfOrder):
    """A person passes from one account to another: from the border to the bus, from the bus to the town."""

    order = models.ForeignKey(QuarantineOrder, models.CASCADE, related_name="hand_overs")
    giver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    receiver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    place = models.ForeignKey(Place, models.PROTECT, null=True, related_name="+")
    """The part of the tree that follows the quarantine from then on. Null: the same."""
    means = models.CharField(_("how they travel"), max_length=120, blank=True)
    offered = models.DateTimeField(_("offered"), default=timezone.now)
    due = models.DateTimeField(_("due"))
    accepted = models.DateTimeField(_("accepted"), null=True)
    accepted_by = models.CharField(_("accepted by"), max_length=150, blank=True)
    taken_back = models.DateTimeField(_("taken back"), null=True)
    why = EncryptedTextField(_("reason"), blank=True)
    """Why somebody else than the receiver accepted it, or why it was taken back."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order"], condition=OPEN_OFFER, name="quarantine_one_open_hand_over")
        ]
        indexes: ClassVar = [
            models.Index(fields=["due"], condition=OPEN_OFFER, name="quarantine_hand_over_due"),
            models.Index(fields=["receiver"], condition=OPEN_OFFER, name="quarantine_hand_over_to"),
        ]


class QuarantineVisit(OfOrder):
    """Somebody looked after a person in quarantine, or the person answered on the phone."""

    order = models.ForeignKey(QuarantineOrder, models.CASCADE, related_name="visits")
    day = models.DateField(_("day"))
    made = models.DateTimeField(_("time"), default=timezone.now)
    by = models.CharField(_("visited by"), max_length=150)
    met = models.BooleanField(_("somebody met the person"), default=True)
    """Answers from the person's own phone are no visit: they do not count."""
    temperature = EncryptedTextField(_("temperature"), blank=True)
    symptoms = EncryptedTextField(_("symptoms"), blank=True)
    client_key = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "client_key"], condition=~Q(client_key=""), name="quarantine_visit_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["order", "day"], name="quarantine_visit_day")]


class QuarantineNeed(OfOrder):
    """Something that a person in quarantine needs: food, medicine, help. Somebody brings it, and says so."""

    order = models.ForeignKey(QuarantineOrder, models.CASCADE, related_name="needs")
    text = EncryptedTextField(_("what is needed"))
    asked = models.DateTimeField(_("asked at"), default=timezone.now)
    asked_by = models.CharField(_("asked by"), max_length=150)
    done = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = models.CharField(_("done by"), max_length=150, blank=True)
    answer = EncryptedTextField(_("what was done"), blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["order"], condition=Q(done=None), name="quarantine_need_open")]


class QuarantineWarning(OfOrder):
    """A case that an order opened: the same thing opens no second one after its close."""

    order = models.ForeignKey(QuarantineOrder, models.CASCADE, related_name="warnings")
    key = models.CharField(max_length=60)
    """What is overdue, and since which day."""
    made = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["order", "key"], name="quarantine_warned_once")]
