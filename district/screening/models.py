"""Key lists, their rows and rules, and whom they hit.

The order of the classes is the order in which `emergency.erasing` takes their rows: a list goes after its rows.
"""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from district.emergency.models import EmergencyMeasure, OfMeasure, OfMeasureQuerySet
from district.exchange import outbox
from district.exchange.models import OutboxRow
from district.fields import EncryptedTextField
from district.people.models import Person
from district.permissions import Permission
from district.scope import NOTHING, Scope
from district.screening.rules import HitBasis, HitState

STATE_NAMES = {
    HitState.CANDIDATE: _("waits for a decision"),
    HitState.DISMISSED: _("somebody else"),
    HitState.IN_FORCE: _("in force"),
    HitState.LIFTED: _("lifted"),
    HitState.OVER: pgettext_lazy("hit", "over"),
}
BASIS_NAMES = {
    HitBasis.NUMBER: _("number of the document"),
    HitBasis.PHONE: _("phone"),
    HitBasis.NAME: _("name, with birth or province"),
    HitBasis.PLACE: _("place and days"),
}


def send_risks(rows: "models.QuerySet[Any]") -> None:
    """Queue the people of some hits for HQ, in the transaction of the change."""
    workers = rows.order_by().values_list("person__worker_id", flat=True).distinct()
    outbox.put_all(OutboxRow.Kind.RISK, sorted(workers))


class Hit(OfMeasure):
    """A person who may be meant by a row or a rule of a list. Whom only likeness found waits for a decision."""

    permission: ClassVar[Permission] = Permission.SEE_SCREENING
    person = models.ForeignKey(Person, models.CASCADE, related_name="hits")
    list = models.ForeignKey("KeyList", models.CASCADE, related_name="hits")
    row = models.ForeignKey("KeyRow", models.SET_NULL, null=True, related_name="hits")
    rule = models.ForeignKey("ListRule", models.SET_NULL, null=True, related_name="hits")
    basis = models.CharField(_("found by"), max_length=8, choices=[(b.value, name) for b, name in BASIS_NAMES.items()])
    score = models.FloatField(_("likeness"), default=1.0)
    state = models.CharField(_("state"), max_length=10, choices=[(s.value, name) for s, name in STATE_NAMES.items()])
    until = models.DateTimeField(_("until"))
    """A hit in force stops nobody from this moment on."""
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)
    """The account that loaded the list, or that decided last."""
    decided = models.DateTimeField(_("decided"), null=True, blank=True)
    why = EncryptedTextField(_("reason"), blank=True)
    warned = models.DateTimeField(null=True, blank=True)
    """When its cases were opened. Null: somebody is not warned yet."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "row"], name="hit_of_row_once"),
            models.UniqueConstraint(fields=["person", "rule"], name="hit_of_rule_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "made"], name="hit_state"),
            models.Index(fields=["until"], condition=Q(state="in_force"), name="hit_until"),
            models.Index(fields=["made"], condition=Q(state="in_force", warned=None), name="hit_to_warn"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.list}"

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the hits of people in the scope."""
        return Q(person__in=Person.objects.filter(Person.visible_q(scope)).values("pk")) if scope.ranges else NOTHING

    @classmethod
    def before_erasing(cls, rows: "models.QuerySet[Any]") -> None:
        """Take the people off HQ's risk lists."""
        send_risks(rows)


class KeyRow(OfMeasure):
    """One person on a list. Numbers are compared by the keyed index of the registry's own column."""

    permission: ClassVar[Permission] = Permission.SCREEN
    list = models.ForeignKey("KeyList", models.CASCADE, related_name="rows")
    name = EncryptedTextField(_("name"), blank=True)
    joined = models.CharField(max_length=160, blank=True)
    """The name in pinyin without blanks."""
    initials = models.CharField(max_length=40, blank=True)
    number = EncryptedTextField(_("number"), blank=True)
    number_index = models.CharField(max_length=43, blank=True)
    """As `IdDocument.number_index`, so that both can be joined."""
    document_kind = models.CharField(max_length=2, blank=True)
    phone = EncryptedTextField(_("phone"), blank=True)
    phone_index = models.CharField(max_length=43, blank=True)
    """As `Person.phone_index`."""
    birth = models.DateField(_("date of birth"), null=True, blank=True)
    area = models.CharField(_("comes from"), max_length=6, blank=True)
    province = models.CharField(max_length=2, blank=True)
    note = EncryptedTextField(_("note"), blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["number_index"], name="key_row_number"),
            models.Index(fields=["phone_index"], name="key_row_phone"),
            models.Index(fields=["birth"], name="key_row_birth"),
            models.Index(fields=["province", "initials"], name="key_row_province"),
        ]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show a row to who decides a hit of it; nobody reads a list as a whole."""
        return Q(pk__in=Hit.objects.filter(Hit.visible_q(scope), row__isnull=False).values("row"))


class KeyListQuerySet(OfMeasureQuerySet):
    """Lists of measures."""

    def in_force(self, today: Any = None) -> Self:
        """Keep the lists that people are compared with today. `today`: for a prepared query, which has no day yet."""
        today = today or timezone.localdate()
        return self.kept(today).filter(loaded__isnull=False, withdrawn=None, ends__gte=today)


class KeyList(OfMeasure):
    """A list of people, or of places and days, from an authority."""

    permission: ClassVar[Permission] = Permission.SEE_SCREENING
    name = models.CharField(_("name"), max_length=120)
    source = models.CharField(_("source"), max_length=200)
    legal_basis = models.CharField(_("legal basis"), max_length=500)
    starts = models.DateField(_("first day"), default=timezone.localdate)
    ends = models.DateField(_("last day"))
    reason_code = models.CharField(_("reason code"), max_length=40)
    """What a gate's desk sees; the lane shows nothing."""
    officer = models.CharField(_("officer"), max_length=80)
    """Whom the desk asks."""
    by = models.CharField(_("loaded by"), max_length=150)
    loaded = models.DateTimeField(_("loaded"), null=True, blank=True)
    """When its last row was stored and everybody was compared. Null: the load broke off, and the list hits nobody."""
    compared_again = models.DateTimeField(null=True, blank=True)
    """When people were compared once more, whose registration was under way while the list was loaded."""
    withdrawn = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    stored = models.DateTimeField(null=True, blank=True)
    """When its last row was stored. It is in force only after somebody has seen whom it finds, and confirms it."""
    confirmed = models.DateTimeField(null=True, blank=True)
    row_count = models.PositiveIntegerField(_("rows"), default=0)
    refused = EncryptedTextField(blank=True)
    """Rows that could not be read, as JSON: number, sentence, values."""
    sure_count = models.PositiveIntegerField(null=True, blank=True)
    """People whom the list would hold at once, counted before it is confirmed."""
    unsure_count = models.PositiveIntegerField(null=True, blank=True)
    """People of whom a person would have to decide."""
    expiry_warned = models.DateTimeField(null=True, blank=True)
    delivery = models.CharField(max_length=120, null=True, blank=True, unique=True)
    """Feed and number of the message that brought it: the same message brings it once."""
    objects = KeyListQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="key_list_in_order")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the lists of visible measures."""
        return Q(measure__in=EmergencyMeasure.objects.filter(EmergencyMeasure.visible_q(scope)))

    @classmethod
    def before_erasing(cls, rows: "models.QuerySet[Any]") -> None:
        """Take those off HQ's risk lists whose hits go with a list."""
        send_risks(Hit.objects.filter(list__in=rows))


class ListFile(models.Model):
    """The uploaded sheet of a list, until its rows are stored. It goes with its list."""

    class State(models.TextChoices):
        """What it waits for."""

        COLUMNS = "columns", _("Columns to choose")
        WAITING = "waiting", _("Being read")
        REFUSED = "refused", _("Cannot be read")

    list = models.OneToOneField(KeyList, models.CASCADE, related_name="file", primary_key=True)
    file_name = EncryptedTextField(_("file"))
    content = EncryptedTextField()
    """In base 64."""
    sheet_name = EncryptedTextField(blank=True)
    columns = EncryptedTextField(blank=True)
    """JSON: field -> letter of the column that a person chose."""
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    problem = EncryptedTextField(blank=True)
    """Why it cannot be read, as JSON: sentence, values, sheets to choose from."""
    taken = models.DateTimeField(null=True, blank=True)
    """When a worker began to read it."""
    attempts = models.PositiveSmallIntegerField(default=0)


class ListFeed(OfMeasure):
    """An authority's program that sends lists. Each message is signed with the secret."""

    permission: ClassVar[Permission] = Permission.SEE_SCREENING
    name = models.CharField(_("name"), max_length=120)
    source = models.CharField(_("source"), max_length=200)
    legal_basis = models.CharField(_("legal basis"), max_length=500)
    reason_code = models.CharField(_("reason code"), max_length=40)
    officer = models.CharField(_("officer"), max_length=80)
    secret = EncryptedTextField()
    by = models.CharField(_("made by"), max_length=150)
    received = models.DateTimeField(_("last list received"), null=True, blank=True)
    ended = models.DateTimeField(_("ended"), null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def element_id(self) -> str:
        """Return the id of its element on a page."""
        return f"feed-{self.pk}"

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the feeds of visible measures."""
        return KeyList.visible_q(scope)


class ListRule(models.Model):
    """An area and days of a list: who was in it or passed through it then is hit. It goes with its list."""

    list = models.ForeignKey(KeyList, models.CASCADE, related_name="rules")
    area = models.CharField(_("area"), max_length=6)
    """GB/T 2260; zeros at its end mean the whole city or province."""
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    at_once = models.BooleanField(_("without a decision"), default=False)
    """Who was surely there is stopped at once. Otherwise each hit waits for a person."""

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="list_rule_in_order")
        ]
