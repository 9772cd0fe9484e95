"""People: who they are, what they hold, where they work, what they consented to."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.fields import EncryptedTextField
from district.permissions import Permission
from district.places.models import Enterprise, Place, Project
from district.scope import Scope, VisibleModel


class Person(VisibleModel):
    """One human being, whoever employs them and wherever they work: somebody who comes back is the same person."""

    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    worker_id = models.CharField(_("worker id"), max_length=40, unique=True)
    """HQ's and the gates' opaque name of this person. Random, never made from a number."""
    name = models.CharField(_("name"), max_length=80)
    pinyin = models.CharField(_("pinyin"), max_length=160, db_index=True)
    """Sorts and finds; of a name in other letters the name itself in small letters."""
    sex = models.CharField(_("sex"), max_length=1, choices=[("m", _("male")), ("f", _("female"))], blank=True)
    birth = models.DateField(_("date of birth"), null=True, blank=True)
    nation = models.CharField(_("nation"), max_length=20, blank=True)
    phone = EncryptedTextField(_("phone"), blank=True)
    phone_index = models.CharField(max_length=43, blank=True, db_index=True)
    address = EncryptedTextField(_("address"), blank=True)
    emergency_contact = EncryptedTextField(_("emergency contact"), blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="merged")
    erased = models.DateTimeField(_("erased"), null=True, blank=True)
    added = models.DateTimeField(_("added"), default=timezone.now)
    changed = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        ordering: ClassVar = ["pinyin", "pk"]
        indexes: ClassVar = [models.Index(fields=["birth", "pinyin"])]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_scope(self) -> tuple[str, int | None]:
        """Return the site and the employer of the latest assignment, for the audit record."""
        latest = self.assignments.select_related("project__place").order_by("-starts", "-pk").first()
        return (latest.project.place.path, latest.enterprise_id) if latest else ("", None)

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show who works or worked on a site of the scope, or for one of its enterprises."""
        at_places = PersonScope.objects.filter(scope.places("place__path")).values("person")
        of_employers = PersonEmployer.objects.filter(scope.employers()).values("person")
        return Q(pk__in=at_places) | Q(pk__in=of_employers)


class PersonScope(models.Model):
    """A place from whose view a person is seen: one row for each ancestor of each site worked on. Made by
    `people.scopes`; pages of people read it by key.
    """

    place = models.ForeignKey(Place, models.CASCADE)
    pinyin = models.CharField(max_length=160)
    person = models.ForeignKey(Person, models.CASCADE, related_name="scopes")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["place", "pinyin", "person"], name="person_scope_once")
        ]


class PersonEmployer(models.Model):
    """An enterprise from whose view a person is seen. Made by `people.scopes`."""

    enterprise = models.ForeignKey(Enterprise, models.CASCADE)
    pinyin = models.CharField(max_length=160)
    person = models.ForeignKey(Person, models.CASCADE, related_name="employers")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["enterprise", "pinyin", "person"], name="person_employer_once")
        ]


class OfPerson(VisibleModel):
    """A row that belongs to a person, and is seen by whoever sees the person."""

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the rows of visible people."""
        return Q(person__in=Person.objects.filter(Person.visible_q(scope)))


class IdDocument(OfPerson):
    """An id document. Its number is encrypted, and found by the keyed index of its normal form."""

    class Kind(models.TextChoices):
        """The national platform's `idCardType`."""

        RESIDENT = "01", _("Resident identity card")
        PASSPORT = "08", _("Passport")
        HONG_KONG_MACAU = "10", _("Hong Kong or Macau permit")
        TAIWAN = "12", _("Taiwan permit")

    permission: ClassVar[Permission] = Permission.SEE_DOCUMENTS
    person = models.ForeignKey(Person, models.CASCADE, related_name="documents")
    kind = models.CharField(_("kind"), max_length=2, choices=Kind.choices, default=Kind.RESIDENT)
    number = EncryptedTextField(_("number"))
    number_index = models.CharField(max_length=43)
    expires = models.DateField(_("expires"), null=True, blank=True)
    issuer = models.CharField(_("issued by"), max_length=80, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "number_index"], name="document_once")]


class BankAccount(OfPerson):
    """Where wages go."""

    permission: ClassVar[Permission] = Permission.SEE_DOCUMENTS
    person = models.ForeignKey(Person, models.CASCADE, related_name="accounts")
    bank = models.CharField(_("bank"), max_length=80)
    number = EncryptedTextField(_("account number"))
    number_index = models.CharField(max_length=43, db_index=True)


class Certificate(OfPerson):
    """A qualification, a training or a health certificate that may expire."""

    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    person = models.ForeignKey(Person, models.CASCADE, related_name="certificates")
    kind = models.CharField(_("kind"), max_length=60)
    number = models.CharField(_("number"), max_length=60, blank=True)
    issued = models.DateField(_("issued"), null=True, blank=True)
    expires = models.DateField(_("expires"), null=True, blank=True, db_index=True)
    is_training = models.BooleanField(_("is a training"), default=False)
    """A training's expiry goes to the gate as a fact of the site's rules, by its `kind`."""


class Insurance(OfPerson):
    """An insurance of a person."""

    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    person = models.ForeignKey(Person, models.CASCADE, related_name="insurances")
    kind = models.CharField(_("kind"), max_length=60)
    number = models.CharField(_("number"), max_length=60, blank=True)
    expires = models.DateField(_("expires"), null=True, blank=True)


class Team(VisibleModel):
    """A team on a site, of one enterprise, with its leader."""

    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    project = models.ForeignKey(Project, models.CASCADE, related_name="teams")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="teams")
    name = models.CharField(_("name"), max_length=80)
    leader = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="leads")
    platform_number = models.CharField(_("platform number"), max_length=40, blank=True)

    class Meta:
        ordering: ClassVar = ["name", "pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["project", "enterprise", "name"], name="team_once")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the teams of sites in the scope and of the account's enterprises."""
        return scope.places("project__place__path") | scope.employers()


class Employment(OfPerson):
    """A person's employer, for a time: the history of employers."""

    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    person = models.ForeignKey(Person, models.CASCADE, related_name="employments")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="employments")
    starts = models.DateField(_("starts"))
    ends = models.DateField(_("ends"), null=True, blank=True)
    contract_number = models.CharField(_("contract"), max_length=60, blank=True)
    contract_ends = models.DateField(_("contract ends"), null=True, blank=True)


class Assignment(VisibleModel):
    """A person's work on a site, for a time: the history of sites, and who may pass which gates."""

    class Role(models.IntegerChoices):
        """The national platform's `workRole`."""

        MANAGER = 10, _("Manager")
        WORKER = 20, _("Worker")

    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    person = models.ForeignKey(Person, models.CASCADE, related_name="assignments")
    project = models.ForeignKey(Project, models.PROTECT, related_name="assignments")
    enterprise = models.ForeignKey(Enterprise, models.PROTECT, related_name="assignments")
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True, related_name="assignments")
    trade = models.CharField(_("trade"), max_length=4, default="1000")
    """The national platform's `workType`; `people.rules.TRADES` names them."""
    role = models.IntegerField(_("role"), choices=Role.choices, default=Role.WORKER)
    starts = models.DateField(_("starts"))
    ends = models.DateField(_("ends"), null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["project", "ends", "person"])]

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those on sites in the scope and those of the account's enterprises."""
        return scope.places("project__place__path") | scope.employers()


class Consent(OfPerson):
    """A consent for one purpose, and its end. A new text is a new consent."""

    class Purpose(models.TextChoices):
        """What the consent is for; each purpose is asked apart from the others."""

        FACE = "face", _("Face at the gates")
        PLATFORM_PHOTO = "platform_photo", _("Photo for the national platform")

    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    person = models.ForeignKey(Person, models.CASCADE, related_name="consents")
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    given = models.DateTimeField(_("given"), default=timezone.now)
    text_version = models.CharField(_("version of the text"), max_length=20)
    given_on = models.CharField(_("given on"), max_length=20, default="phone")
    withdrawn = models.DateTimeField(_("withdrawn"), null=True, blank=True)


class Invitation(VisibleModel):
    """A link by which a worker enrols on their own phone. Only a hash of its secret is kept."""

    permission: ClassVar[Permission] = Permission.INVITE
    person = models.ForeignKey(Person, models.CASCADE, related_name="invitations")
    project = models.ForeignKey(Project, models.CASCADE, related_name="invitations")
    secret_hash = models.CharField(max_length=64, unique=True)
    made = models.DateTimeField(_("made"), default=timezone.now)
    made_by = models.CharField(_("made by"), max_length=150)
    expires = models.DateTimeField(_("expires"))
    used = models.DateTimeField(_("used"), null=True, blank=True)

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show those of sites in the scope, and those of people whom the account's enterprises employ there."""
        employed = Assignment.objects.filter(scope.employers()).values("person")
        return scope.places("project__place__path") | Q(person__in=employed)


class Merge(OfPerson):
    """Two records that were one person: what moved, so that it can be moved back."""

    permission: ClassVar[Permission] = Permission.CHANGE_PEOPLE
    person = models.ForeignKey(Person, models.CASCADE, related_name="merges")
    absorbed = models.ForeignKey(Person, models.CASCADE, related_name="absorptions")
    reason = models.CharField(_("reason"), max_length=40)
    moved = models.JSONField(default=dict)
    """Rows that moved, by table: what undoing needs."""
    done = models.DateTimeField(default=timezone.now)
    done_by = models.CharField(max_length=150)
    undone = models.DateTimeField(null=True, blank=True)
    undone_by = models.CharField(max_length=150, blank=True)
