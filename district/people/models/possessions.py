"""What a person holds: id documents, bank accounts, certificates, insurances, access cards."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.fields import EncryptedTextField
from district.people.models.person import OfPerson, Person, seen_from_places
from district.permissions import Permission
from district.scope import NOTHING, Scope


class OfPresentPerson(OfPerson):
    """A sensitive row: an enterprise sees it of those who work for it, and not of those who left."""

    permission: ClassVar[Permission] = Permission.SEE_DOCUMENTS

    class Meta:
        abstract = True

    @classmethod
    def visible_q(cls, scope: Scope) -> Q:
        """Show the rows of those who work in the scope, and of those who worked at its places."""
        employed = Scope(enterprises=scope.enterprises)
        present = Q(person__in=Person.objects.filter(Person.present_q(employed))) if employed.enterprises else NOTHING
        return seen_from_places(scope) | present


class IdDocument(OfPresentPerson):
    """An id document. Its number is encrypted, and found by the keyed index of its normal form."""

    class Kind(models.TextChoices):
        """The national platform's `idCardType`."""

        RESIDENT = "01", _("Resident identity card")
        PASSPORT = "08", _("Passport")
        HONG_KONG_MACAU = "10", _("Hong Kong or Macau permit")
        TAIWAN = "12", _("Taiwan permit")

    person = models.ForeignKey(Person, models.CASCADE, related_name="documents")
    kind = models.CharField(_("kind"), max_length=2, choices=Kind.choices, default=Kind.RESIDENT)
    number = EncryptedTextField(_("number"))
    number_index = models.CharField(max_length=43)
    expires = models.DateField(_("expires"), null=True, blank=True)
    issuer = models.CharField(_("issued by"), max_length=80, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "number_index"], name="document_once")]
        indexes: ClassVar = [models.Index(fields=["number_index"])]


class BankAccount(OfPresentPerson):
    """Where wages go."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="accounts")
    bank = models.CharField(_("bank"), max_length=80)
    number = EncryptedTextField(_("account number"))
    number_index = models.CharField(max_length=43, db_index=True)


class Certificate(OfPerson):
    """A qualification, a training or a health certificate that may expire."""

    permission: ClassVar[Permission] = Permission.SEE_RECORDS
    person = models.ForeignKey(Person, models.CASCADE, related_name="certificates")
    kind = models.CharField(_("kind"), max_length=60)
    number = models.CharField(_("number"), max_length=60, blank=True)
    issued = models.DateField(_("issued"), null=True, blank=True)
    expires = models.DateField(_("expires"), null=True, blank=True)
    is_training = models.BooleanField(_("is a training"), default=False)
    """A training's expiry goes to the gate as a fact of the site's rules, by its `kind`."""

    class Meta:
        indexes: ClassVar = [models.Index(fields=["expires", "id"])]


class Insurance(OfPerson):
    """An insurance of a person."""

    permission: ClassVar[Permission] = Permission.SEE_RECORDS
    person = models.ForeignKey(Person, models.CASCADE, related_name="insurances")
    kind = models.CharField(_("kind"), max_length=60)
    number = models.CharField(_("number"), max_length=60, blank=True)
    expires = models.DateField(_("expires"), null=True, blank=True, db_index=True)


class AccessCard(OfPerson):
    """A card that opens the gates for one person. Its number is encrypted; gates get a hash for each site."""

    permission: ClassVar[Permission] = Permission.SEE_RECORDS
    person = models.ForeignKey(Person, models.CASCADE, related_name="cards")
    number = EncryptedTextField(_("card number"))
    number_index = models.CharField(max_length=43)
    given = models.DateTimeField(_("given"), default=timezone.now)
    ended = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["number_index"], condition=Q(ended__isnull=True), name="card_one_owner")
        ]
