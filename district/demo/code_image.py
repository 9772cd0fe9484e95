"""Read a QR code that a page shows, as a camera would."""

from io import BytesIO

import resvg_py
import zxingcpp
from PIL import Image

_SIDE_PX = 600


class UnreadableCode(ValueError):
    """A picture holds no code that can be read."""


def picture_of(svg: str) -> bytes:
    """Return a drawing as PNG."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=_SIDE_PX, height=_SIDE_PX, background="white"))


def code_in_picture(png: bytes) -> str:
    """Return the text of the QR code in a picture. Raises UnreadableCode."""
    with Image.open(BytesIO(png)) as picture:
        found = zxingcpp.read_barcodes(picture.convert("L"))
    if not found:
        raise UnreadableCode("the picture holds no code that can be read")
    return str(found[0].text)
