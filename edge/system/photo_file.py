"""Reads photo files of unknown origin: whole and in bounded memory, or refuses them in one sentence.

The kind of the file, its size in bytes and its size in pixels are checked before anything is decoded. OpenCV, which
decodes, fills missing parts with grey and at best writes that to stderr. So the file is decoded strictly first. JPEG is
decoded by simplejpeg: only it makes an error of every warning of libjpeg. PNG, WebP and BMP are decoded by Pillow,
which refuses a file that ends too early.
"""

import os
import stat
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import simplejpeg
from PIL import BmpImagePlugin, ImageFile, PngImagePlugin, WebPImagePlugin
from PIL.Image import DecompressionBombError

from common.jpeg_scans import SCANS_MAX, jpeg_scans
from common.picture_damage import DAMAGE
from edge.core.domain import Image

BYTES_MAX = 64 << 20
PIXELS_MAX = 51_000_000
"""Limit for a JPEG. The largest pictures that phones take by default have 50 million pixels (8192 × 6144)."""
OTHER_PIXELS_MAX = 25_000_000
"""Limit for the other kinds, which cannot be decoded at half size. Pillow needs 8 to 16 bytes per pixel for a WebP."""
SIDE_KEPT_PX = 4096
"""A JPEG with a longer side is decoded at a half or a quarter of its size: a face needs no more, and memory stays
bounded."""
_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
_JPEG = b"\xff\xd8\xff"
_KINDS: tuple[tuple[int, bytes, Callable[[BytesIO], ImageFile.ImageFile]], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", PngImagePlugin.PngImageFile),
    (8, b"WEBP", WebPImagePlugin.WebPImageFile),
    (0, b"BM", BmpImagePlugin.BmpImageFile),
)
"""Where a file says what it is. The plugins are called directly: `PIL.Image.open` would also warn about large
pictures."""
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
"""Brands of ISO base media files that are pictures (ISO/IEC 23008-12)."""
_DAMAGE: tuple[type[Exception], ...] = (*DAMAGE, MemoryError, cv2.error)
"""Errors of the decoders for files that are not what they claim."""


class PhotoError(ValueError):
    """The file is no usable photo. The text follows the file's name, and says what to do."""


def read_photo(path: Path) -> Image:
    """Read a photo as (height, width, 3) BGR, upright by its EXIF tag. Raises PhotoError."""
    return decode_photo(read_bytes(path))


def try_photo(path: Path) -> Image | None:
    """Read a photo, or return None if it cannot be used: for callers with many photos."""
    try:
        return read_photo(path)
    except PhotoError:
        return None


def read_bytes(path: Path) -> bytes:
    """Read a regular file of at most BYTES_MAX. Never waits for another process. Raises PhotoError."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise PhotoError(f"cannot be read ({_why(error)}): check name and permissions") from error
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode):
            raise PhotoError("is no file: give a photo, JPEG or PNG")
        if found.st_size > BYTES_MAX:
            raise PhotoError(f"is too large ({found.st_size >> 20} MB, at most {BYTES_MAX >> 20}): save it smaller")
        with open(file, "rb", closefd=False) as opened:
            return opened.read(BYTES_MAX)  # a file that grows meanwhile is cut off, and then refused
    except (OSError, MemoryError) as error:
        raise PhotoError(f"cannot be read ({_why(error)}): copy it again") from error
    finally:
        os.close(file)


def decode_photo(data: bytes) -> Image:
    """Decode a file's bytes as (height, width, 3) BGR, upright by its EXIF tag. Raises PhotoError."""
    if not data:
        raise PhotoError("is empty: copy it again")
    try:
        way = _checked_jpeg(data) if data.startswith(_JPEG) else _checked(data)
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), way)
    except PhotoError:
        raise
    except DecompressionBombError as error:
        raise PhotoError(
            f"claims more than {OTHER_PIXELS_MAX // 1_000_000} million pixels: save it smaller, as JPEG"
        ) from error
    except _DAMAGE as error:
        raise PhotoError(f"is damaged or cut off ({_why(error)}): copy it again, or save it as a new JPEG") from error
    if pixels is None:
        raise PhotoError("cannot be decoded: save it as a new JPEG")
    return np.asarray(pixels, np.uint8)


def _checked_jpeg(data: bytes) -> int:
    """Check that a JPEG is whole. Return how OpenCV shall decode it. Raises PhotoError, or one of _DAMAGE."""
    height, width, *_ = simplejpeg.decode_jpeg_header(data)
    _check_size(width, height, PIXELS_MAX)
    if jpeg_scans(data) > SCANS_MAX:
        raise PhotoError(f"has more than {SCANS_MAX} scans: save it as a new JPEG")
    factor = next(factor for factor in (1, 2, 4, 8) if max(width, height) <= SIDE_KEPT_PX * factor or factor == 8)
    simplejpeg.decode_jpeg(data, "GRAY", min_factor=factor)
    return _REDUCED[factor]


def _checked(data: bytes) -> int:
    """Do the same for the other kinds."""
    plugin = next((plugin for at, mark, plugin in _KINDS if data[at : at + len(mark)] == mark), None)
    if plugin is None and data[4:8] == b"ftyp" and data[8:12] in _HEIF:
        raise PhotoError("is a HEIC or AVIF photo of a phone: export it as JPEG")
    if plugin is None:
        raise PhotoError("cannot be read as a photo: use JPEG, PNG, WebP or BMP")
    with plugin(BytesIO(data)) as opened:
        _check_size(*opened.size, OTHER_PIXELS_MAX)
        if getattr(opened, "is_animated", False):
            raise PhotoError("is a moving picture: save one picture of it as JPEG")
        opened.load()
    with plugin(BytesIO(data)) as again:  # Pillow cannot load and verify the same object
        again.verify()  # of a PNG: every chunk's checksum
    return cv2.IMREAD_COLOR


def _check_size(width: int, height: int, pixels_max: int) -> None:
    if width * height > pixels_max:
        raise PhotoError(
            f"claims {width} × {height} pixels, more than {pixels_max // 1_000_000} million: save it smaller, as JPEG"
        )


def _why(error: BaseException) -> str:
    return (error.strerror if isinstance(error, OSError) and error.strerror else str(error)) or type(error).__name__
