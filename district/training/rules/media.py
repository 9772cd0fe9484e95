"""What an uploaded picture or video may be. Pure: it looks at the bytes, and never at the name."""

from collections.abc import Iterator

from django.utils.translation import gettext_noop

from district.training.rules.refusals import TrainingRefused

MEDIA_MAX = 20_000_000
"""Largest video, bytes: what one request may bring."""
_PICTURES = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_EBML = b"\x1aE\xdf\xa3"
_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"meta", b"moof", b"mfra", b"sidx", b"styp",
          b"emsg", b"prft", b"pdin"}  # fmt: skip
_BOXES_MAX = 10_000


def media_kind(data: bytes) -> str:
    """Return the media type of a picture (JPEG, PNG, WebP) or video (MP4, WebM). Raises TrainingRefused."""
    if len(data) > MEDIA_MAX:
        raise TrainingRefused(
            gettext_noop("This file is larger than %(most)d MB: make the video shorter or smaller."),
            most=MEDIA_MAX // 1_000_000,
        )
    for beginning, kind in _PICTURES.items():
        if data.startswith(beginning):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(_EBML) and b"webm" in data[:64]:
        return "video/webm"
    if data[4:8] == b"ftyp":
        _check_mp4(data)
        return "video/mp4"
    raise TrainingRefused(gettext_noop("Choose a picture (JPEG, PNG, WebP) or a video (MP4, WebM)."))


def _check_mp4(data: bytes) -> None:
    """Walk the boxes of an MP4 file to its end. Raises TrainingRefused if it is cut off or holds something else."""
    kinds = list(_boxes(data))
    if b"moov" not in kinds or not {b"mdat", b"moof"} & set(kinds):
        raise _damaged()


def _boxes(data: bytes) -> Iterator[bytes]:
    at = 0
    for _number in range(_BOXES_MAX):
        if at == len(data):
            return
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        head = 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif size == 0:
            size = len(data) - at
        if kind not in _BOXES or size < head or at + size > len(data):
            raise _damaged()
        yield kind
        at += size
    raise _damaged()


def _damaged() -> TrainingRefused:
    return TrainingRefused(gettext_noop("This video is damaged or cut off: export it again as MP4."))
