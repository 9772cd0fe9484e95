"""What decoders of pictures raise for files that are not what they claim. Pillow declares no common error."""

import struct

DAMAGE: tuple[type[Exception], ...] = (
    OSError,
    ValueError,
    SyntaxError,
    LookupError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    AttributeError,
    struct.error,
)
"""Also what Pillow raises for the notes that phones write into a picture (EXIF)."""
