"""What a person consented to, and the links by which a person enrols."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.people.models.person import OfPerson, Person
from district.people.models.work import Assignment
from district.permissions import Permission
from district.places.models import Project
from district.scope import Scope, VisibleModel


class Consent(OfPerson):
    """A consent for one purpose, and its end. A new text is a new consent."""

    class Purpose(models.TextChoices):
        """What the consent is for; each purpose is asked apart from the others."""

        FACE = "face", _("Face at the gates")
        PLATFORM_PHOTO = "platform_photo", _("Photo for the national platform")

    permission: ClassVar[Permission] = Permission.SEE_RECORDS
    person = models.ForeignKey(Person, models.CASCADE, related_name="consents")
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose.choices)
    given = models.DateTimeField(_("given"), default=timezone.now)
    text_version = models.CharField(_("version of the text"), max_length=20)
    given_on = models.CharField(_("given on"), max_length=20, default="phone")
    withdrawn = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "purpose"], condition=Q(withdrawn__isnull=True), name="consent_one_in_force"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["given", "id"])]


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
