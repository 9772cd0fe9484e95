"""Photo files that are what they claim, and files that are not."""

import io
import os
import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from edge.system.photo_file import BYTES_MAX, SCANS_MAX, PhotoError, decode_photo, read_photo, try_photo

RNG = np.random.default_rng(1)
PICTURE = cv2.resize(RNG.integers(0, 256, (8, 10, 3), np.uint8), (100, 80), interpolation=cv2.INTER_CUBIC)
"""(80, 100, 3) BGR: wider than high, soft, and nowhere symmetrical."""


def saved(kind, mode="RGB", **options):
    file = io.BytesIO()
    Image.fromarray(PICTURE[:, :, ::-1]).convert(mode).save(file, kind, **options)
    return file.getvalue()


def jpeg(**options):
    return saved("JPEG", quality=95, **options)


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, *chunks):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def zeros(count):
    """So many zero bytes, deflated: one block again and again, because each process that collects tests makes them."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(bytes(count % (1 << 20))) + packer.flush()
    sum_of_zeros = (count % 65_521) << 16 | 1
    return b"\x78\xda" + block * (count >> 20) + rest + struct.pack(">I", sum_of_zeros)


def webp(width, height):
    """The header of a WebP in which a moving picture may be."""
    head = struct.pack("<I", 0x10)[:4] + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", len(head)) + head
    return b"RIFF" + struct.pack("<I", len(body)) + body


def moving(kind):
    file = io.BytesIO()
    one, two = (Image.fromarray(part) for part in (PICTURE, PICTURE[::-1]))
    one.save(file, kind, save_all=True, append_images=[two], duration=100)
    return file.getvalue()


def with_scans(count):
    """A JPEG whose last scan is there `count` times."""
    data = jpeg(progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


CUT = jpeg()[: len(jpeg()) * 45 // 100]


def like(data, distance=3.0):
    seen = decode_photo(data)
    return seen.shape == PICTURE.shape and float(np.abs(seen.astype(int) - PICTURE).mean()) < distance


@pytest.mark.parametrize(
    "data",
    [
        jpeg(),
        jpeg(progressive=True, subsampling=0),
        jpeg() + b"a film of the moment before",
        saved("JPEG", "CMYK", quality=95),
        saved("PNG"),
        saved("PNG", "RGBA"),
        saved("WEBP", lossless=True),
        saved("WEBP", quality=95),
        saved("BMP"),
    ],
    ids=["jpeg", "progressive", "with a tail", "cmyk", "png", "alpha", "webp", "lossy webp", "bmp"],
)
def test_ok__whole_photos_of_every_kind(data):
    assert like(data, 8.0)
    whole = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(decode_photo(data), whole)


def test_ok__grey_palette_and_16_bits_are_8_bits_in_three_colours():
    grey = cv2.cvtColor(PICTURE, cv2.COLOR_BGR2GRAY)
    deep = cv2.imencode(".png", grey.astype(np.uint16) * 257)[1].tobytes()
    colours = cv2.imencode(".png", PICTURE.astype(np.uint16) * 257)[1].tobytes()
    for data in (deep, saved("JPEG", "L", quality=95), saved("PNG", "L")):
        seen = decode_photo(data)
        assert seen.dtype == np.uint8 and float(np.abs(seen.astype(int) - grey[:, :, np.newaxis]).mean()) < 4
    assert like(colours)
    assert like(saved("PNG", "P"), 30)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_ok__a_turned_photo_with_its_tag_is_upright(kind, orientation):
    """As PIL.ImageOps turns it, which is another implementation."""
    from PIL import ImageOps

    data = saved(kind, exif=turned(orientation), **({"lossless": True} if kind == "WEBP" else {"quality": 95}))
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))[:, :, ::-1]
    assert np.array_equal(decode_photo(data), upright)


def test_ok__a_wrong_ending_does_no_harm(tmp_path):
    (tmp_path / "photo.png").write_bytes(jpeg())
    (tmp_path / "link.jpg").symlink_to(tmp_path / "photo.png")
    assert read_photo(tmp_path / "photo.png").shape == PICTURE.shape
    assert read_photo(tmp_path / "link.jpg").shape == PICTURE.shape


def test_ok__a_very_large_jpeg_is_read_at_a_half():
    large = cv2.imencode(".jpg", cv2.resize(PICTURE, (5000, 4000)))[1].tobytes()
    assert decode_photo(large).shape == (2000, 2500, 3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty: copy it again"),
        (b"no photo at all", "cannot be read as a photo: use JPEG"),
        (saved("GIF", "P"), "cannot be read as a photo: use JPEG"),
        (saved("TIFF"), "cannot be read as a photo: use JPEG"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "is a HEIC or AVIF photo of a phone: export it as JPEG"),
        (png(40_000, 40_000, chunk(b"IDAT", zlib.compress(bytes(100)))), "claims 40000 × 40000 pixels"),
        (png(8_000, 8_000, chunk(b"IDAT", zeros(8_000 * 24_001))), "claims 8000 × 8000 pixels"),
        (png(10, 10, chunk(b"zTXt", b"a\0\0" + zeros(100 << 20))), "is damaged or cut off"),
        (png(10, 10, chunk(b"iCCP", b"a\0\0" + zeros(100 << 20))), "is damaged or cut off"),
        (webp(16_384, 16_384), "claims more than|is damaged"),
        (b"BM" + struct.pack("<IIIIiiHHIIIIII", 54, 0, 54, 40, 40_000, 40_000, 1, 24, 0, 0, 0, 0, 0, 0), "claims 40000"),
        (jpeg()[:2] + jpeg()[2:].replace(struct.pack(">HH", 80, 100), struct.pack(">HH", 65_000, 65_000)), "claims 65000"),
        (CUT, "is damaged or cut off"),
        (CUT + b"\xff\xd9", "is damaged or cut off"),
        (CUT + bytes(len(jpeg()) - len(CUT)), "is damaged or cut off"),
        (saved("PNG")[:-200], "is damaged or cut off"),
        (saved("PNG")[:1_000] + b"#" + saved("PNG")[1_001:], "is damaged or cut off"),
        (saved("WEBP", quality=95)[:-200], "is damaged or cut off"),
        (saved("BMP")[:-200], "is damaged or cut off"),
        (moving("PNG"), "is a moving picture"),
        (moving("WEBP"), "is a moving picture"),
        (with_scans(SCANS_MAX), "scans"),
    ],
)  # fmt: skip
def test_fail__what_is_no_photo_that_can_be_used(data, message, capfd):
    with pytest.raises(PhotoError, match=message) as refused:
        decode_photo(data)
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 250
    assert ": " in str(refused.value)  # and what to do
    assert capfd.readouterr() == ("", "")  # no library speaks for itself


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "progressive": True}])
def test_fail__a_jpeg_cut_anywhere(options):
    """A progressive one that was cut between two scans and given an end is whole again, only coarser."""
    whole = jpeg(**options)
    for part in range(2, 100, 7):
        cut = whole[: len(whole) * part // 100]
        for data in (cut, cut + b"\xff\xd9") if not options else (cut,):
            with pytest.raises(PhotoError):
                decode_photo(data)
    with pytest.raises(PhotoError):
        decode_photo(whole[:-2])  # only its end is missing


def test_fail__what_is_no_file_with_a_photo_in_it(tmp_path):
    os.mkfifo(tmp_path / "fifo.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    (tmp_path / "folder.jpg").mkdir()
    with (tmp_path / "large.jpg").open("wb") as sparse:
        sparse.truncate(BYTES_MAX + 1)
    for name, message in (
        ("fifo.jpg", "is no file: give a photo"),
        ("folder.jpg", "is no file: give a photo"),
        ("loop.jpg", r"cannot be read \(Too many levels of symbolic links\)"),
        ("none.jpg", r"cannot be read \(No such file or directory\)"),
        ("large.jpg", "is too large .64 MB, at most 64.: save it smaller"),
        ("a\0b.jpg", "cannot be read"),
    ):
        with pytest.raises(PhotoError, match=message):
            read_photo(tmp_path / name)
        assert try_photo(tmp_path / name) is None
    with pytest.raises(PhotoError, match="is no file"):
        read_photo(tmp_path / "/dev/zero")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "BMP"]), st.data())
def test_fail__damage_of_any_kind_is_one_error_or_a_picture(kind, draw):
    data = bytearray(saved(kind))
    for _ in range(draw.draw(st.integers(1, 5))):
        at = draw.draw(st.integers(0, min(len(data) - 1, 400)))
        match draw.draw(st.sampled_from(["change", "remove", "insert", "cut"])):
            case "change":
                data[at] = draw.draw(st.integers(0, 255))
            case "remove":
                del data[at : at + 7]
            case "insert":
                data[at:at] = draw.draw(st.binary(max_size=9))
            case "cut":
                del data[max(at, 20) :]
    try:
        assert decode_photo(bytes(data)).dtype == np.uint8
    except PhotoError as error:
        assert str(error)


MEMORY = """
import resource, sys
from pathlib import Path
from edge.system.photo_file import PhotoError, read_photo
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    print(read_photo(Path(sys.argv[1])).shape, file=sys.stderr)
except PhotoError as error:
    print(error, file=sys.stderr)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def megabytes(path):
    """The memory that a process of its own needs at most to read it."""
    done = subprocess.run([sys.executable, "-c", MEMORY, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout), done.stderr


def test_fail__a_bomb_costs_no_memory(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png(30_000, 30_000, chunk(b"IDAT", zeros(90 << 20))))
    used, said = megabytes(path)
    assert "claims 30000 × 30000 pixels" in said and used < 20


def test_ok__the_largest_photos_need_bounded_memory(tmp_path):
    whole = Image.fromarray(PICTURE[:, :, ::-1])
    whole.resize((8192, 6192)).save(tmp_path / "a.jpg", progressive=True, subsampling=0)
    whole.resize((5000, 4999)).save(tmp_path / "b.png", compress_level=1)
    whole.resize((5000, 4999)).save(tmp_path / "c.webp", method=0)
    for name in ("a.jpg", "b.png", "c.webp"):
        used, said = megabytes(tmp_path / name)
        assert "3)" in said and used < 450, (name, used, said)


def test_fail__memory_that_is_not_there_is_a_refusal(tmp_path):
    Image.fromarray(PICTURE).resize((4900, 5000)).save(tmp_path / "a.png", compress_level=1)
    limit = "resource.setrlimit(resource.RLIMIT_AS, (s := int(open('/proc/self/statm').read().split()[0]) * 4096 + (60 << 20), s))\n"
    script = MEMORY.replace("before =", limit + "before =")
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "a.png")], capture_output=True, text=True, check=True
    )
    assert "is damaged or cut off" in done.stderr or "memory" in done.stderr.lower()
    assert "Traceback" not in done.stderr
