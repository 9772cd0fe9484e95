"""PROMISE: a picture that somebody sends costs bounded memory and time, and is small and upright or refused."""

from io import BytesIO

import pytest
from PIL import Image

from common.jpeg_scans import SCANS_MAX
from district.cases.photos import PIXELS_MAX, clean_photo
from district.cases.rules import CaseRefused
from district.enrolment.photos import small_jpeg
from district.small_pictures import PROGRESSIVE_MAX


def _noted() -> bytes:
    """Return a JPEG with what a phone writes into it: it lies on its side."""
    notes = Image.Exif()
    notes[0x0112], notes[0x010F], notes[0x8825] = 6, "Canon", {1: "N", 2: (1.0, 2.0, 3.0)}
    made = BytesIO()
    Image.new("RGB", (40, 20), "red").save(made, "JPEG", exif=notes)
    return made.getvalue()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("at", "byte"), [(17, 84), (19, 5), (19, 11), (51, 20), (67, 3), (77, 27), (79, 1)])
def test_fail__notes_of_a_phone_that_no_phone_writes_are_no_error_of_the_program(at: int, byte: int) -> None:
    """Each made Pillow raise another kind of error: the last photo of a queue then stopped those behind it."""
    picture = bytearray(_noted())
    picture[picture.index(b"Exif") + at] = byte
    with pytest.raises(CaseRefused, match="no photo"):
        clean_photo(bytes(picture))
    assert small_jpeg(bytes(picture)) == b""


def test_ok__a_photo_is_upright_and_without_notes() -> None:
    for small in (clean_photo(_noted()), small_jpeg(_noted())):
        with Image.open(BytesIO(small)) as made:
            assert (made.size, dict(made.getexif())) == ((20, 40), {})


def _claiming(width: int, height: int, *, progressive: bool) -> bytes:
    """Return a small JPEG whose head claims another size."""
    made = BytesIO()
    Image.new("RGB", (16, 16)).save(made, "JPEG", progressive=progressive)
    picture = bytearray(made.getvalue())
    at = picture.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    picture[at : at + 4] = height.to_bytes(2) + width.to_bytes(2)
    return bytes(picture)


def test_fail__a_progressive_jpeg_may_be_less_large() -> None:
    """Of 118 million pixels it took 350 MB, where another JPEG took 30."""
    side = 9_000
    assert PROGRESSIVE_MAX < side**2 < PIXELS_MAX["JPEG"]
    with pytest.raises(CaseRefused, match="too large"):
        clean_photo(_claiming(side, side, progressive=True))


def test_fail__thousands_of_scans_are_not_decoded() -> None:
    made = BytesIO()
    Image.new("RGB", (16, 16)).save(made, "JPEG", progressive=True)
    picture = made.getvalue()
    last = picture.rindex(b"\xff\xda")
    with pytest.raises(CaseRefused, match="no photo"):
        clean_photo(picture[:-2] + picture[last:-2] * SCANS_MAX + picture[-2:])
