"""Which codes are found in a picture."""

import cv2
import numpy as np
import pytest
import segno

from edge.devices.readers.qr_codes import read_codes

TEXT = "SG1:" + "A" * 150


def frame(text, turns=0, inverted=False, mirrored=False, module_px=5):
    """A code with its white margin in a 640 × 480 picture."""
    modules = np.array([[0 if dark else 255 for dark in row] for row in segno.make(text, error="m").matrix], np.uint8)
    code = np.pad(np.kron(modules, np.ones((module_px, module_px), np.uint8)), 20, constant_values=255)
    code = np.rot90(code, turns)
    code = code[:, ::-1] if mirrored else code
    picture = np.full((480, 640), 128, np.uint8)
    top, left = (480 - code.shape[0]) // 2, (640 - code.shape[1]) // 2
    picture[top : top + code.shape[0], left : left + code.shape[1]] = code
    return cv2.cvtColor(255 - picture if inverted else picture, cv2.COLOR_GRAY2BGR)


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", range(4))
def test_ok__a_code_is_read_however_it_is_held_also_white_on_black(turns, mirrored, inverted):
    assert read_codes(frame(TEXT, turns, inverted, mirrored)) == [TEXT]


@pytest.mark.parametrize("inverted", [False, True])
def test_fail__codes_that_are_not_ours_are_not_told(inverted):
    assert read_codes(frame("https://example.org/", inverted=inverted)) == []
    assert read_codes(frame("SG1:" + "A" * 1_200, inverted=inverted, module_px=3)) == []
