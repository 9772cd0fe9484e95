"""Photos that prove something: made small, and without what the phone writes into them."""

from io import BytesIO

from django.utils.translation import gettext_noop
from PIL import Image, ImageOps, UnidentifiedImageError

from district.cases.rules import CaseRefused

BYTES_MAX = 12_000_000
PIXELS_MAX = {"JPEG": 120_000_000, "PNG": 20_000_000, "WEBP": 20_000_000}
"""A JPEG is made small while it is read. The others are read whole: three bytes for each pixel, several times."""
_SIZE = (1_280, 1_280)


def clean_photo(picture: bytes) -> bytes:
    """Return an upright JPEG without metadata, at most 1,280 pixels wide and high. Raises CaseRefused."""
    if len(picture) > BYTES_MAX:
        raise CaseRefused(gettext_noop("This photo is too large: take it again with a lower resolution."))
    try:
        with Image.open(BytesIO(picture), formats=("JPEG", "PNG", "WEBP")) as opened:
            if opened.width * opened.height > PIXELS_MAX.get(opened.format or "", 0):
                raise CaseRefused(gettext_noop("This photo is too large: take it again with a lower resolution."))
            opened.draft("RGB", _SIZE)
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        if isinstance(error, CaseRefused):
            raise
        raise CaseRefused(gettext_noop("This file is no photo that can be read: take another.")) from None
    image.thumbnail(_SIZE)
    target = BytesIO()
    Image.frombytes("RGB", image.size, image.tobytes()).save(target, "JPEG", quality=80, optimize=True)
    return target.getvalue()
