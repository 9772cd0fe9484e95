"""Reads the photos that people gave for the platform, each by a consent of its own that is in force."""

import base64
from collections.abc import Collection

from district.enrolment.models import PlatformPhoto
from district.realname.rules.bodies import PHOTO_MAX_BYTES


def platform_photos(people: Collection[int]) -> dict[int, str]:
    """Return who of some people has a photo, and when it was taken. It reads no picture: there are many."""
    kept = PlatformPhoto.objects.filter(person__in=people, consent__withdrawn__isnull=True)
    return {person: taken.isoformat() for person, taken in kept.values_list("person", "taken")}


def photo_of(person: int) -> bytes | None:
    """Return one photo, JPEG; None if there is none that the platform takes."""
    kept = PlatformPhoto.objects.filter(person=person, consent__withdrawn__isnull=True).first()
    picture = base64.b64decode(kept.picture) if kept else b""
    return picture if 0 < len(picture) <= PHOTO_MAX_BYTES else None
