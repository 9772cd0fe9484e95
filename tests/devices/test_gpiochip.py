"""The kernel's GPIO interface as the second guard uses it: strace, which knows it too, reads back what is asked."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.devices.gate import gpiochip
from edge.devices.gate.gpiochip import Chip, header, line_handles

ASKS = """
import os
from pathlib import Path
from edge.devices.gate import gpiochip
handle = os.open("/dev/null", os.O_RDWR)
gpiochip.drive(handle, {17: 0, 27: 1})
gpiochip.set_level(handle, 1)
gpiochip.holder(Path("/dev/null"), 17)
"""


def test_ok__what_is_asked_of_the_kernel_is_what_is_meant(tmp_path: Path) -> None:
    assert shutil.which("strace"), "strace is not installed: apt install strace"
    trace = tmp_path / "trace"
    answered = ["-e", "trace=ioctl", "-e", "inject=ioctl:retval=0"]
    subprocess.run(["strace", "-v", "-o", trace, *answered, sys.executable, "-c", ASKS], check=True, timeout=60)
    told = trace.read_text()
    assert (
        'num_lines=2, offsets=[17, 27], consumer="sitegate", config={flags=GPIO_V2_LINE_FLAG_OUTPUT, num_attrs=1'
        in told
    )
    assert "values=0x2, mask=0x3" in told
    assert "GPIO_V2_LINE_SET_VALUES_IOCTL, {bits=0x1, mask=0x1}" in told
    assert "GPIO_V2_GET_LINEINFO_IOCTL, {offset=17}" in told


def test_ok__the_headers_chip_is_known_by_its_name_and_not_by_its_number() -> None:
    fan = Chip(Path("/dev/gpiochip0"), "raspberrypi-exp-gpio", 8)
    moved = Chip(Path("/dev/gpiochip11"), "pinctrl-rp1", 54)
    assert header([fan, moved]) is moved
    assert moved.number == 11
    assert header([fan]) is None


def test_ok__chips_that_are_none_are_left_out(tmp_path: Path) -> None:
    for name in ("gpiochip0", "gpiochip1", "gpiochipX"):
        (tmp_path / name).write_text("no device")
    assert gpiochip.chips(tmp_path) == []
    assert gpiochip.holder(tmp_path / "gpiochip0", 17) == ""


def test_ok__own_lines_are_found_by_what_the_kernel_tells_of_them(tmp_path: Path) -> None:
    for number, (link, info) in enumerate(
        [
            ("/dev/gpiochip0", "pos:\t0\n"),
            ("anon_inode:gpio-line", "pos:\t0\ngpio-chip:\tgpiochip0\ngpio-line:\t17\n"),
            ("anon_inode:gpio-line", "pos:\t0\ngpio-line:\t23\n"),
            ("anon_inode:gpio-line", "pos:\t0\n"),  # a kernel that does not tell
            ("anon_inode:gpio-line", "gpio-line:\t27\ngpio-line:\t17\n"),  # several in one handle: not ours
        ],
        start=3,
    ):
        (tmp_path / "fd").mkdir(exist_ok=True)
        (tmp_path / "fdinfo").mkdir(exist_ok=True)
        (tmp_path / "fd" / str(number)).symlink_to(link)
        (tmp_path / "fdinfo" / str(number)).write_text(info)
    assert line_handles([17, 27], tmp_path) == {17: 4}
    assert line_handles([17], tmp_path / "nothing") == {}


@pytest.mark.parametrize("chips", [[], [Chip(Path("/dev/gpiochip4"), "gpio-mockup-A", 32)]])
def test_ok__without_a_header_there_is_no_guess(chips: list[Chip]) -> None:
    assert header(chips) is None
