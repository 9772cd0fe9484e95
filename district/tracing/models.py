"""Investigations, the contacts that they found, and the calls to them.

A contact's rows never name the case. Only the investigation does, and only officers of its place see that.
"""

from datetime import date, timedelta
from typing import ClassVar, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.emergency.models import OfMeasure
from district.fields import EncryptedTextField
from district.people.models import Person
from district.people.models.person import seen_from_places
from district.permissions import Permission
from district.places.models import Place
from district.scope import Scope, VisibleModel, VisibleQuerySet
from district.tracing.rules import Certainty, ReasonKind, TraceLimits
from district.tracing.rules.contacts import DAYS_MAX, MINUTES_MAX

REASON_NAMES = {
    ReasonKind.TRIP: _("same vehicle"),
    ReasonKind.ROUTE: _("same route on the same day"),
    ReasonKind.SITE: _("same site at the same time"),
    ReasonKind.GATE: _("same gate within minutes"),
    ReasonKind.TEAM: _("same team"),
}
CERTAINTY_NAMES = {
    Certainty.CERTAIN: _("certain"),
    Certainty.LIKELY: _("likely"),
    Certainty.POSSIBLE: _("possible"),
}
_CERTAINTIES = [(level.value, name) for level, name in CERTAINTY_NAMES.items()]
_DEFAULTS = TraceLimits()


class Investigation(OfMeasure):
    """The search for the contacts of one confirmed case."""

    permission: ClassVar[Permission] = Permission.SEE_TRACING
    person = models.ForeignKey(Person, models.CASCADE, related_name="investigations")
    """The case."""
    place = models.ForeignKey(Place, models.PROTECT, related_name="+")
    """Its officers see who the case is."""
    last_day = models.DateField(_("last day among people"))
    days = models.PositiveSmallIntegerField(
        _("days to look back"),
        default=_DEFAULTS.days,
        validators=[MinValueValidator(1), MaxValueValidator(DAYS_MAX)],
    )
    hops = models.PositiveSmallIntegerField(
        _("hops"), default=_DEFAULTS.hops, choices=[(1, _("contacts")), (2, _("contacts and their contacts"))]
    )
    overlap_minutes = models.PositiveSmallIntegerField(
        _("minutes together on a site"), default=_DEFAULTS.overlap_minutes, validators=[MinValueValidator(1)]
    )
    gate_minutes = models.PositiveSmallIntegerField(
        _("minutes between two passages of a gate"),
        default=_DEFAULTS.gate_minutes,
        validators=[MaxValueValidator(MINUTES_MAX)],
    )
    why = models.CharField(_("reason"), max_length=500)
    by = models.CharField(_("opened by"), max_length=150)
    traced = models.DateTimeField(_("contacts found"), null=True, blank=True)
    closed = models.DateTimeField(_("closed"), null=True, blank=True)
    asked = models.DateTimeField(null=True, blank=True)
    """When a search was asked for that the worker has not ended. Two hops over a district take seconds."""
    asked_by = models.CharField(max_length=150, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    """How often the worker began that search."""
    problem = models.CharField(max_length=300, blank=True)
    """Why the last search was refused, as JSON: sentence and values."""

    class Meta:
        ordering: ClassVar = ["-made", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["measure", "person"], condition=Q(closed=None), name="investigation_open_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def audit_scope(self) -> tuple[str, int | None]:
        """Return its place, for the audit record: not that of the case, whose site and employer do not see it."""
        return self.place.path, None

    @property
    def searching(self) -> bool:
        """Say whether the worker is to search for contacts."""
        return self.asked is not None and self.closed is None

    @property
    def limits(self) -> TraceLimits:
        """Return what counts as an encounter."""
        return TraceLimits(self.days, self.hops, self.overlap_minutes, self.gate_minutes)

    @property
    def first_day(self) -> date:
        """Return the first day that is looked at."""
        return self.last_day - timedelta(days=self.days - 1)

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of places in the scope."""
        return scope.places("place__path")


def waits_for_call(contact: str = "") -> Q:
    """Return the filter for contacts whom somebody calls today: not called yet, or to be called again.

    `contact`: the way from a row to its contacts, with `__`. Ask besides that the investigation is open.
    """
    due = Q(**{f"{contact}outcome": ""}) | Q(**{f"{contact}call_again__lte": timezone.localdate()})
    return due & Q(**{f"{contact}released": None, f"{contact}found": True})


class ContactQuerySet(VisibleQuerySet):
    """Contacts."""

    def kept(self) -> Self:
        """Keep the contacts whose measure is not over."""
        today = timezone.localdate()
        return self.filter(investigation__measure__ended=None, investigation__measure__ends__gte=today)

    def to_call(self) -> Self:
        """Keep those whom somebody calls today, of open investigations."""
        return self.filter(waits_for_call(), investigation__closed=None)


class Contact(VisibleModel):
    """Somebody who met the case, or who met a contact. Officers call the contact."""

    class Outcome(models.TextChoices):
        """What the latest call brought."""

        NOT_CALLED = "", _("not called")
        WELL = "well", _("reached, well")
        ILL = "ill", _("reached, ill")
        NOT_REACHED = "not_reached", _("not reached")
        WRONG_NUMBER = "wrong_number", _("wrong number")
        WAS_NOT_THERE = "was_not_there", _("says: was not there")
        ELSEWHERE = "elsewhere", _("now in another district")

    permission: ClassVar[Permission] = Permission.SEE_TRACING
    investigation = models.ForeignKey(Investigation, models.CASCADE, related_name="contacts")
    person = models.ForeignKey(Person, models.CASCADE, related_name="traced_as_contact")
    hop = models.PositiveSmallIntegerField(_("hop"))
    rank = models.PositiveIntegerField(_("rank"))
    """Place in the list of the investigation: first hop, certain and near ones first."""
    certainty = models.PositiveSmallIntegerField(_("certainty"), choices=_CERTAINTIES)
    first = models.DateTimeField(_("first met"))
    last = models.DateTimeField(_("last met"))
    found = models.BooleanField(_("still found"), default=True)
    """False: a later search did not find the contact any more. Contacts with calls stay."""
    outcome = models.CharField(_("outcome"), max_length=13, choices=Outcome.choices, blank=True, default="")
    called = models.DateTimeField(_("called"), null=True, blank=True)
    call_again = models.DateField(_("call again"), null=True, blank=True)
    released = models.DateTimeField(_("released"), null=True, blank=True)
    """When the follow-up ended. Then nobody calls any more."""
    objects = ContactQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering: ClassVar = ["rank", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["investigation", "person"], name="contact_once")]
        indexes: ClassVar = [
            models.Index(fields=["investigation", "rank"], name="contact_rank"),
            models.Index(fields=["call_again"], condition=Q(call_again__isnull=False), name="contact_again"),
        ]

    def __str__(self) -> str:
        return str(self.person)

    @property
    def last_day(self) -> date:
        """Return the last day of contact. A trip lasts until the midnight that ends its day."""
        return max(timezone.localdate(self.first), timezone.localdate(self.last - timedelta(microseconds=1)))

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible investigations, and of people at places of the scope: their own town calls them."""
        return scope.places("investigation__place__path") | seen_from_places(scope)


class ContactReason(VisibleModel):
    """One reason for which somebody is a contact. Officers of the investigation see it, nobody else."""

    permission: ClassVar[Permission] = Permission.SEE_TRACING
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="reasons")
    kind = models.CharField(_("reason"), max_length=5, choices=[(k.value, name) for k, name in REASON_NAMES.items()])
    key = models.CharField(max_length=120)
    """Number and day, or the key of the site, gate or team."""
    via = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    """The contact of the first hop whom the person met. None: it was the case."""
    certainty = models.PositiveSmallIntegerField(_("certainty"), choices=_CERTAINTIES)
    first = models.DateTimeField(_("first"))
    last = models.DateTimeField(_("last"))
    rows = models.PositiveIntegerField(_("rows apart"), null=True)
    columns = models.PositiveIntegerField(_("seats apart in the row"), null=True)
    gap_s = models.PositiveIntegerField(_("seconds between passages"), null=True)
    together_s = models.PositiveIntegerField(_("seconds together"), null=True)

    class Meta:
        ordering: ClassVar = ["pk"]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible investigations only: a reason leads to the case."""
        return scope.places("contact__investigation__place__path")


class CallOutcome(VisibleModel):
    """One call to a contact, and what it brought. Nobody changes it."""

    permission: ClassVar[Permission] = Permission.SEE_TRACING
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="calls")
    outcome = models.CharField(_("outcome"), max_length=13, choices=Contact.Outcome.choices[1:])
    note = EncryptedTextField(_("note"), blank=True)
    called = models.DateTimeField(_("called"), default=timezone.now)
    by = models.CharField(_("called by"), max_length=150)

    class Meta:
        ordering: ClassVar = ["-called", "-pk"]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the calls to visible contacts."""
        return scope.places("contact__investigation__place__path") | seen_from_places(scope, "contact__person")
