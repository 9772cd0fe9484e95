"""What workers declare: health, trips, places where they stayed; temperatures; and what the district asks for."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.emergency.models import EmergencyMeasure, OfMeasure
from district.fields import EncryptedTextField
from district.outgoing import send_workers
from district.people.models import Person
from district.permissions import Permission
from district.places.models import Enterprise, Project
from district.scope import Scope, VisibleModel


class OfDeclarant(OfMeasure):
    """A row of health or trips of one worker. The site and the employer at that time see it; former ones do not."""

    permission: ClassVar[Permission] = Permission.SEE_HEALTH
    person = models.ForeignKey(Person, models.CASCADE, related_name="%(class)ss")
    project = models.ForeignKey(Project, models.CASCADE, null=True, related_name="+")
    enterprise = models.ForeignKey(Enterprise, models.CASCADE, null=True, related_name="+")

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the rows of sites in the scope and of its enterprises. A row of no site is shown at its measure."""
        nowhere = Q(project=None) & scope.places("measure__place__path")
        return scope.places("project__place__path") | scope.employers() | nowhere


class HealthDeclaration(OfDeclarant):
    """What one worker declared at one time. Nobody changes it: a correction is a new declaration."""

    class Way(models.TextChoices):
        """How it was given."""

        PHONE = "phone", _("own phone")
        CLERK = "clerk", _("by a clerk")
        KIOSK = "kiosk", _("tablet on the site")

    by = models.CharField(_("declared by"), max_length=150)
    """The worker id, or the account that wrote it on behalf of the worker."""
    way = models.CharField(_("way"), max_length=5, choices=Way.choices, default=Way.PHONE)
    day = models.DateField(_("day"), default=timezone.localdate)
    """The day in the district's time zone."""
    declared = models.DateTimeField(_("declared"), default=timezone.now)
    """When the worker answered. A phone that was offline sends it later: then it is before `made`."""
    symptoms = EncryptedTextField(_("symptoms"), blank=True)
    """Codes of `rules.SYMPTOMS`, with blanks between."""
    temperature = EncryptedTextField(_("temperature"), blank=True)
    """Degrees Celsius with one decimal, such as `36.6`."""
    contact_with_case = models.BooleanField(_("contact with a case in the household"), default=False)
    abnormal = models.CharField(_("abnormal"), max_length=60, blank=True)
    """Why it is abnormal: codes of `rules.Abnormal` with blanks between. Empty: nothing is."""
    origin_code = models.CharField(_("comes from"), max_length=6, blank=True)
    """GB/T 2260."""
    living_code = models.CharField(_("lived last in"), max_length=6, blank=True)
    client_key = models.CharField(max_length=40, blank=True)
    """Made by the phone for each draft, so that what is sent twice is stored once."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "client_key"], condition=~Q(client_key=""), name="health_declaration_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["person", "-declared"], name="health_declaration_latest"),
            models.Index(fields=["project", "day"], name="health_declaration_day"),
            models.Index(fields=["project", "day"], condition=~Q(abnormal=""), name="health_abnormal"),
        ]

    @classmethod
    def before_erasing(cls, rows: "models.QuerySet[Any]") -> None:
        """Take the times of these declarations back from HQ and the gates."""
        if DeclarationPolicy.objects.exists():
            send_workers(rows.order_by().values_list("person__worker_id", flat=True).distinct())


class Trip(OfDeclarant):
    """One trip of a worker. Declared again it is the same row, with what is known by then."""

    class Mode(models.TextChoices):
        """What the worker travelled by."""

        FLIGHT = "flight", _("flight")
        TRAIN = "train", _("train")
        COACH = "coach", _("coach")
        FERRY = "ferry", _("ferry")
        CAR = "car", _("car")

    mode = models.CharField(_("by"), max_length=6, choices=Mode.choices)
    number = models.CharField(_("number"), max_length=20, blank=True)
    """Normalised by `rules.trip_number`: `G1234`, `CZ3456`. Empty: not known."""
    day = models.DateField(_("day of departure"))
    """As the ticket says it, also for who arrived a day later."""
    carriage = models.CharField(_("carriage"), max_length=3, blank=True)
    seat = models.CharField(_("seat"), max_length=6, blank=True)
    """Normalised by `rules.seat`: `12F`, `7`."""
    from_code = models.CharField(_("from"), max_length=6, blank=True)
    to_code = models.CharField(_("to"), max_length=6, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["measure", "person", "day", "mode", "number", "from_code", "to_code"], name="trip_once"
            )
        ]
        indexes: ClassVar = [
            # A train has a thousand seats: who sat in the same carriage is found without reading all of it.
            models.Index(fields=["number", "day", "carriage"], name="trip_together"),
            models.Index(fields=["person", "day"], name="trip_of_person"),
        ]


class Stopover(OfDeclarant):
    """A place where a worker was, from one day until another. Declared again it is the same row."""

    area = models.CharField(_("place"), max_length=6)
    """GB/T 2260; a code with zeros at its end means a whole city or province."""
    from_day = models.DateField(_("from"))
    until_day = models.DateField(_("until"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["measure", "person", "area", "from_day"], name="stopover_once"),
            models.CheckConstraint(condition=Q(until_day__gte=F("from_day")), name="stopover_in_order"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["area", "until_day"], name="stopover_area"),
            models.Index(fields=["person", "until_day"], name="stopover_of_person"),
        ]


class TemperatureReading(OfDeclarant):
    """A temperature that was taken apart from a declaration: at a gate, or by a clerk."""

    taken = models.DateTimeField(_("time"), default=timezone.now)
    degrees = EncryptedTextField(_("temperature"))
    high = models.BooleanField(_("too high"), default=False)
    source = models.CharField(_("source"), max_length=80)
    """`gate GATE_ID`, or the account."""
    key = models.CharField(max_length=80, blank=True)
    """Of the gate's event, so that an event read twice is stored once."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="temperature_reading_once")
        ]
        indexes: ClassVar = [models.Index(fields=["person", "-taken"], name="temperature_latest")]


class DeclaredState(OfDeclarant):
    """What counts of one worker's declarations now: one row for each worker, made again with each declaration.

    Lists of who is missing, and gates, read it: nobody compares all declarations for that.
    """

    counts = models.DateTimeField(_("valid declaration of"), null=True)
    """When the declaration was made that counts. None: none does."""
    held = models.DateTimeField(_("waits for a decision since"), null=True)
    """When the abnormal declaration was made that somebody decides about."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person"], name="declared_state_once")]
        indexes: ClassVar = [models.Index(fields=["project", "counts"], name="declared_state_project")]


class DeclarationKiosk(VisibleModel):
    """A tablet on a site where workers declare who have no phone. Its address is its secret."""

    permission: ClassVar[Permission] = Permission.CHANGE_HEALTH
    measure = models.ForeignKey(EmergencyMeasure, models.CASCADE, related_name="+")
    """It works as long as this measure holds."""
    project = models.ForeignKey(Project, models.CASCADE, related_name="+")
    name = models.CharField(_("where it stands"), max_length=60)
    address = models.CharField(max_length=43, unique=True)
    made = models.DateTimeField(_("made"), default=timezone.now)
    by = models.CharField(_("made by"), max_length=150)
    closed = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["project", "closed"], name="kiosk_of_site")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of sites in the scope. An enterprise has none of its own: a site is shared."""
        return scope.places("project__place__path")


class DeclarationPolicy(VisibleModel):
    """What one measure asks of workers. It holds no personal data and stays with the measure."""

    permission: ClassVar[Permission] = Permission.SEE_MEASURES
    measure = models.OneToOneField(EmergencyMeasure, models.CASCADE, related_name="declaration_policy")
    valid_hours = models.PositiveSmallIntegerField(_("hours that a declaration holds"), default=24)
    look_back_days = models.PositiveSmallIntegerField(_("days of trips and places"), default=14)
    fever_tenths = models.PositiveSmallIntegerField(_("too high from (tenths of a degree)"), default=373)
    twice_daily_trades = models.CharField(_("trades with two temperatures a day"), max_length=200, blank=True)
    """Codes of trades, with blanks between."""
    at_gate = models.BooleanField(_("gates ask for a valid declaration"), default=False)
    told = models.PositiveSmallIntegerField(null=True, editable=False)
    """The hours that HQ heard last; None: that gates do not ask."""

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of visible measures."""
        return Q(measure__in=EmergencyMeasure.objects.filter(EmergencyMeasure.visible_q(scope)))
