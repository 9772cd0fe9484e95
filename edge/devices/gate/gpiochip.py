"""Use the kernel's GPIO character device (uAPI version 2) with Python's standard library alone.

The second guard locks with it, because it can load no library at that moment. It also lists the chips and the holders
of lines, which lgpio does not. Source of numbers and layouts: linux/gpio.h.
"""

import fcntl
import os
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_CHIP_INFO = 0x8044B401
_LINE_INFO = 0xC100B405
_LINE_REQUEST = 0xC250B407
_LINE_SET = 0xC010B40F
_FLAG_USED = 1 << 0
_FLAG_OUTPUT = 1 << 3
_ATTRIBUTE_VALUES = 2
_HEADER_LABELS = ("pinctrl-rp1", "pinctrl-bcm")
"""Labels of the chip for the 40-pin header of a Raspberry Pi: on the Pi 5, and on all others."""


@dataclass(frozen=True, slots=True)
class Chip:
    """One GPIO chip of this machine."""

    path: Path
    label: str
    lines: int

    @property
    def number(self) -> int:
        return int(self.path.name.removeprefix("gpiochip"))


def chips(folder: Path = Path("/dev")) -> list[Chip]:
    """List the chips that this user can open, by number."""
    found = []
    for path in folder.glob("gpiochip*"):
        with suppress(OSError, ValueError):
            chip = _chip(path)
            found.append((chip.number, chip))
    return [chip for _, chip in sorted(found, key=lambda pair: pair[0])]


def header(found: Sequence[Chip]) -> Chip | None:
    """Choose the chip of the 40-pin header by its name. Its number differs between kernels."""
    return next((chip for chip in found if chip.label.startswith(_HEADER_LABELS)), None)


def holder(chip: Path, line: int) -> str:
    """Name what uses a line, as the kernel knows it. "" if it is free or cannot be asked."""
    asked = bytearray(struct.pack("=32s32sIIQ160x16x", b"", b"", line, 0, 0))
    try:
        handle = os.open(chip, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        fcntl.ioctl(handle, _LINE_INFO, asked)
    except OSError:
        return ""
    finally:
        os.close(handle)
    _, consumer, _, _, flags = struct.unpack_from("=32s32sIIQ", asked)
    return _text(consumer) or "the kernel" if flags & _FLAG_USED else ""


def drive(chip: int, levels: Mapping[int, int]) -> int:
    """Request lines as outputs at these levels. Return the handle that holds them; closing it releases them.

    `chip`: an open handle. Raises OSError (EBUSY: another process holds a line).
    """
    numbers = list(levels)
    values = sum(bool(levels[number]) << place for place, number in enumerate(numbers))
    attributes = struct.pack("=IIQQ", _ATTRIBUTE_VALUES, 0, values, (1 << len(numbers)) - 1) + bytes(9 * 24)
    config = struct.pack("=QI20x", _FLAG_OUTPUT, 1) + attributes
    offsets = struct.pack("=64I", *numbers, *[0] * (64 - len(numbers)))
    request = bytearray(
        offsets + struct.pack("=32s", b"sitegate") + config + struct.pack("=II20xi", len(numbers), 0, 0)
    )
    fcntl.ioctl(chip, _LINE_REQUEST, request)
    handle: int = struct.unpack_from("=i", request, len(request) - 4)[0]
    return handle


def set_level(line: int, level: int) -> None:
    """Drive the line behind a handle that another process may share. Raises OSError."""
    fcntl.ioctl(line, _LINE_SET, bytearray(struct.pack("=QQ", level, 1)))


def line_handles(numbers: Sequence[int], process: Path = Path("/proc/self")) -> dict[int, int]:
    """Find this process's open handles of single lines, by line number. Empty on a kernel that does not tell (before
    6.1)."""
    found: dict[int, int] = {}
    with suppress(OSError):
        for link in (process / "fd").iterdir():
            with suppress(OSError, ValueError):
                if str(link.readlink()) != "anon_inode:gpio-line":
                    continue
                told = (process / "fdinfo" / link.name).read_text().splitlines()
                lines = [int(row.partition(":")[2]) for row in told if row.startswith("gpio-line:")]
                if len(lines) == 1 and lines[0] in numbers:
                    found[lines[0]] = int(link.name)
    return found


def _chip(path: Path) -> Chip:
    asked = bytearray(68)
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        fcntl.ioctl(handle, _CHIP_INFO, asked)
    finally:
        os.close(handle)
    _, label, lines = struct.unpack("=32s32sI", asked)
    return Chip(path, _text(label), lines)


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode(errors="replace")
