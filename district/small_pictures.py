"""Make a picture of unknown origin small and upright, without what a phone writes into it."""

from collections.abc import Mapping
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError


class PictureTooLargeError(Exception):
    """The picture has more pixels than its format may have. Take it again with a lower resolution."""


class PictureUnreadableError(Exception):
    """The file is no picture that can be read. Choose another."""


def small_picture(picture: bytes, size: tuple[int, int], quality: int, pixels_max: Mapping[str, int]) -> bytes:
    """Return a JPEG without metadata, at most `size` pixels wide and high.

    `pixels_max`: how many pixels each format may have; others are not read. Raises PictureTooLargeError and
    PictureUnreadableError.
    """
    try:
        with Image.open(BytesIO(picture), formats=tuple(pixels_max)) as opened:
            if opened.width * opened.height > pixels_max.get(opened.format or "", 0):
                raise PictureTooLargeError
            opened.draft("RGB", size)
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise PictureUnreadableError from error
    image.thumbnail(size)
    target = BytesIO()
    Image.frombytes("RGB", image.size, image.tobytes()).save(target, "JPEG", quality=quality, optimize=True)
    return target.getvalue()
