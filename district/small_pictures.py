"""Make a picture of unknown origin small and upright, without what a phone writes into it."""

from collections.abc import Mapping
from io import BytesIO

from PIL import Image, ImageOps

from common.jpeg_scans import SCANS_MAX, jpeg_scans
from common.picture_damage import DAMAGE

_DAMAGE: tuple[type[Exception], ...] = (*DAMAGE, Image.DecompressionBombError)
PROGRESSIVE_MAX = 20_000_000
"""Pixels of a progressive JPEG. The decoder keeps it whole, also for a small result: three bytes for each pixel."""


class PictureTooLargeError(Exception):
    """The picture has more pixels than its format may have. Take it again with a lower resolution."""


class PictureUnreadableError(Exception):
    """The file is no picture that can be read. Choose another."""


def small_picture(picture: bytes, size: tuple[int, int], quality: int, pixels_max: Mapping[str, int]) -> bytes:
    """Return a JPEG without metadata, at most `size` pixels wide and high.

    `pixels_max`: how many pixels each format may have; others are not read. Raises PictureTooLargeError and
    PictureUnreadableError.
    """
    image = upright_picture(picture, size, pixels_max)
    image.thumbnail(size)
    target = BytesIO()
    Image.frombytes("RGB", image.size, image.tobytes()).save(target, "JPEG", quality=quality, optimize=True)
    return target.getvalue()


def upright_picture(picture: bytes, size: tuple[int, int], pixels_max: Mapping[str, int]) -> Image.Image:
    """Return the pixels as a person would see them. A JPEG is decoded only as large as `size` needs.

    Raises PictureTooLargeError and PictureUnreadableError.
    """
    try:
        with Image.open(BytesIO(picture), formats=tuple(pixels_max)) as opened:
            _check_size(opened, picture, pixels_max)
            opened.draft("RGB", size)
            return ImageOps.exif_transpose(opened).convert("RGB")
    except _DAMAGE as error:
        raise PictureUnreadableError from error


def _check_size(opened: Image.Image, picture: bytes, pixels_max: Mapping[str, int]) -> None:
    most = pixels_max.get(opened.format or "", 0)
    if opened.info.get("progressive"):
        most = min(most, PROGRESSIVE_MAX)
    if opened.width * opened.height > most:
        raise PictureTooLargeError
    if opened.format == "JPEG" and jpeg_scans(picture) > SCANS_MAX:
        raise PictureUnreadableError
