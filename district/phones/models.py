"""Phones that were opened for a worker, and wrong answers at a link."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.people.models import Invitation, OfPerson, Person
from district.permissions import Permission


class WorkerPhone(OfPerson):
    """A phone on which somebody opened their link. The phone holds a secret, the database its hash."""

    permission: ClassVar[Permission] = Permission.INVITE
    person = models.ForeignKey(Person, models.CASCADE, related_name="phones")
    secret_hash = models.CharField(max_length=64, unique=True)
    kind = models.CharField(_("kind of phone"), max_length=120, blank=True)
    opened = models.DateTimeField(_("opened"), default=timezone.now)
    seen = models.DateTimeField(_("last seen"), default=timezone.now)
    ended = models.DateTimeField(_("ended"), null=True, blank=True)


class LinkTries(models.Model):
    """How often somebody answered the question at a link wrongly. Too often, and the link ends."""

    invitation = models.OneToOneField(Invitation, models.CASCADE, primary_key=True, related_name="tries")
    wrong = models.IntegerField(default=0)
