"""Photos that prove something: made small, and without what the phone writes into them."""

from django.utils.translation import gettext_noop

from district.cases.rules import CaseRefused
from district.small_pictures import PictureTooLargeError, PictureUnreadableError, small_picture

BYTES_MAX = 12_000_000
PIXELS_MAX = {"JPEG": 120_000_000, "PNG": 20_000_000, "WEBP": 20_000_000}
"""A JPEG is made small while it is read. The others are read whole: three bytes for each pixel, several times."""
_SIZE = (1_280, 1_280)
_TOO_LARGE = gettext_noop("This photo is too large: take it again with a lower resolution.")


def clean_photo(picture: bytes) -> bytes:
    """Return an upright JPEG without metadata, at most 1,280 pixels wide and high. Raises CaseRefused."""
    if len(picture) > BYTES_MAX:
        raise CaseRefused(_TOO_LARGE)
    try:
        return small_picture(picture, _SIZE, 80, PIXELS_MAX)
    except PictureTooLargeError:
        raise CaseRefused(_TOO_LARGE) from None
    except PictureUnreadableError:
        raise CaseRefused(gettext_noop("This file is no photo that can be read: take another.")) from None
