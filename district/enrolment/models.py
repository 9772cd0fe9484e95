"""Photos on their way to a template, and photos for the national platform."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from district.fields import EncryptedTextField
from district.people.models import Consent, OfPerson, Person
from district.permissions import Permission


class EnrolmentPhoto(OfPerson):
    """A photo that a worker took. The picture is removed when it was judged; the row says what came of it."""

    class State(models.TextChoices):
        """What became of the photo."""

        WAITING = "waiting", _("being checked")
        ENROLLED = "enrolled", _("in use at the gates")
        TAKEN = "taken", _("good")
        """Only for the national platform: no template was made."""
        REFUSED = "refused", _("to be taken again")
        LIKE_ANOTHER = "another", _("looks like another person")
        """Somebody decides whether two records are one person."""
        DROPPED = "dropped", _("dropped")
        """The consent ended before it was judged, or nobody could judge it in time."""

    permission: ClassVar[Permission] = Permission.SEE_PEOPLE
    person = models.ForeignKey(Person, models.CASCADE, related_name="enrolment_photos")
    consent = models.ForeignKey(Consent, models.CASCADE, null=True, related_name="photos")
    """The consent to the face; none if the photo is for the national platform alone."""
    picture = EncryptedTextField(blank=True)
    """Base64; "" as soon as it was judged."""
    taken = models.DateTimeField(_("taken"), default=timezone.now)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    advice = models.CharField(_("advice"), max_length=20, blank=True)
    """Of a refused photo: `enrolment.rules.PhotoAdvice`."""
    judged = models.DateTimeField(_("checked"), null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["taken"], condition=models.Q(state="waiting"), name="photo_waiting"),
            models.Index(fields=["person", "-taken"]),
        ]


class PlatformPhoto(OfPerson):
    """A photo for the national real-name platform, kept by its own consent: a JPEG of at most 50 KB."""

    permission: ClassVar[Permission] = Permission.SEE_DOCUMENTS
    person = models.OneToOneField(Person, models.CASCADE, related_name="platform_picture")
    consent = models.ForeignKey(Consent, models.CASCADE, related_name="platform_pictures")
    picture = EncryptedTextField()
    """Base64."""
    taken = models.DateTimeField(_("taken"))
