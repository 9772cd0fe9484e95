"""What becomes of phones when a person is erased."""

from typing import Any

from district.people import signals
from district.people.models import Invitation, Person
from district.phones.models import WorkerPhone


def connect() -> None:
    """Listen to the registry of people."""
    signals.erased.connect(_erased, dispatch_uid="phones")


def _erased(sender: object, person: Person, **_: Any) -> None:
    WorkerPhone.objects.filter(person=person).delete()
    Invitation.objects.filter(person=person).delete()
