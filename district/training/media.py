"""Pictures and videos of courses: checked, made small where possible, stored in parts, read by pieces."""

import hashlib
from collections.abc import Iterator

from django.db import models
from django.utils.translation import gettext_noop

from district.small_pictures import PictureTooLargeError, PictureUnreadableError, small_picture
from district.training.models import Course, CourseMedia, CoursePage, MediaPart
from district.training.rules import TrainingRefused, media_kind

PART_BYTES = 262_144
COURSE_MAX = 200_000_000
"""All files of one course."""
_PIXELS_MAX = {"JPEG": 60_000_000, "PNG": 20_000_000, "WEBP": 20_000_000}
_SIZE = (1_600, 1_600)


def stored(course: Course, data: bytes) -> CourseMedia:
    """Check a picture or video, and store it. The same file is stored once. Raises TrainingRefused."""
    kind = media_kind(data)
    if kind.startswith("image/"):
        kind, data = "image/jpeg", _small(data)
    digest = hashlib.sha256(data).hexdigest()
    known = CourseMedia.objects.filter(course=course, digest=digest).first()
    if known is not None:
        found: CourseMedia = known
        return found
    held = CourseMedia.objects.filter(course=course).aggregate(total=models.Sum("size"))["total"] or 0
    if held + len(data) > COURSE_MAX:
        raise TrainingRefused(
            gettext_noop("The files of a course have at most %(most)d MB together: remove one first."),
            most=COURSE_MAX // 1_000_000,
        )
    made = CourseMedia.objects.create(course=course, mime=kind, size=len(data), digest=digest)
    MediaPart.objects.bulk_create(
        (
            MediaPart(media=made, number=number, data=data[at : at + PART_BYTES])
            for number, at in enumerate(range(0, len(data), PART_BYTES))
        ),
        batch_size=16,
    )
    return made


def pieces(media: CourseMedia, first: int, last: int) -> Iterator[bytes]:
    """Return the bytes from `first` to `last`, both included, part by part."""
    for number in range(first // PART_BYTES, last // PART_BYTES + 1):
        data = bytes(MediaPart.objects.values_list("data", flat=True).get(media=media, number=number))
        start = number * PART_BYTES
        yield data[max(0, first - start) : last - start + 1]


def remove_unused(course: Course) -> None:
    """Remove the files that no page of a course shows."""
    used = CoursePage.objects.filter(course=course, media__isnull=False).order_by().values("media")
    CourseMedia.objects.filter(course=course).exclude(pk__in=used).delete()


def _small(data: bytes) -> bytes:
    """Return an upright JPEG without metadata. Raises TrainingRefused."""
    try:
        return small_picture(data, _SIZE, 82, _PIXELS_MAX)
    except PictureTooLargeError:
        raise TrainingRefused(gettext_noop("This picture is too large: make it smaller.")) from None
    except PictureUnreadableError:
        raise TrainingRefused(gettext_noop("This picture cannot be read: choose another.")) from None
