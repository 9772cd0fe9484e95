"""Count how often a JPEG file is decoded over its whole picture."""

import re

SCANS_MAX = 32
"""A progressive JPEG has about ten scans. There could be thousands, each of a few bytes and decoded over the whole
picture."""
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
"""The marker of a segment with a length, or of the end. Coded pixels hold none (ITU-T T.81, B.1.1)."""
_SCAN, _END = 0xDA, 0xD9


def jpeg_scans(data: bytes) -> int:
    """Count the scans of a JPEG, without thumbnails inside segments and without what follows the end."""
    at = count = 0
    while (found := _MARKER.search(data, at + 2)) and data[found.start() + 1] != _END:
        at = found.start() + int.from_bytes(data[found.end() : found.end() + 2])
        count += data[found.start() + 1] == _SCAN
    return count
