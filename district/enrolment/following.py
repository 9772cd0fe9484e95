"""What becomes of photos when a person is erased."""

from typing import Any

from district.enrolment.models import EnrolmentPhoto, PlatformPhoto
from district.people import signals
from district.people.models import Person


def connect() -> None:
    """Listen to the registry of people."""
    signals.erased.connect(_erased, dispatch_uid="enrolment")


def _erased(sender: object, person: Person, **_: Any) -> None:
    EnrolmentPhoto.objects.filter(person=person).delete()
    PlatformPhoto.objects.filter(person=person).delete()
