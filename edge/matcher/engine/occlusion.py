"""Measure on the aligned face whether something hides the mouth or the eyes. Pure.

Each has two measures, and both must agree. A mouth has lips, redder than the skin beside them, and lines across. Under
a mask, a scarf or a hand there is neither. Open eyes are seldom half as light as the cheeks, and have skin colour
around them. Behind dark lenses they are dark and grey. Clear glasses and helmets hide neither. A picture without colour
is not judged.

The limits separate a quarter of LFW from the same faces painted over (docs/ACCURACY.md, "Helmets, glasses, masks").
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.core.domain import Image

LIP_RED_MIN = 3.0
"""a* (CIE Lab) of the reddest tenth around the mouth, minus the skin beside it. Bare lips have 9 in the middle."""
MOUTH_LINE_MIN = 1.0
"""Mean vertical gradient at the mouth, in units of the whole face's grey deviation."""
EYE_LIGHT_MIN = 0.45
"""L* of the lighter quarter around the eyes, divided by that of the cheeks."""
EYE_COLOUR_MIN = 0.5
"""Chroma around the eyes, divided by that of the cheeks."""
CHROMA_MIN = 4.0
"""Below this chroma of cheeks and bridge of the nose a camera sees no colour: at night, under infrared."""
BLUR_PX = 5
"""Blur that removes sensor noise, which would otherwise count as red."""

_FACE = np.s_[30:106, 20:92]
_MOUTH, _LIPS = np.s_[84:102, 42:70], np.s_[84:102, 44:68]
_BESIDE_MOUTH = (np.s_[80:104, 28:40], np.s_[80:104, 72:84])
_EYES = (np.s_[44:60, 28:48], np.s_[44:60, 64:84])
_CHEEKS = (np.s_[60:76, 28:42], np.s_[60:76, 70:84])
_BRIDGE = np.s_[46:58, 50:62]
_Part = tuple[slice, slice]
_Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class OcclusionMeasures:
    """Measures of a bare mouth and bare eyes, in the units of the limits above. `chroma` is the skin's."""

    lip_red: float
    mouth_line: float
    eye_light: float
    eye_colour: float
    chroma: float

    @property
    def mouth_hidden(self) -> bool:
        return self.chroma >= CHROMA_MIN and self.lip_red < LIP_RED_MIN and self.mouth_line < MOUTH_LINE_MIN

    @property
    def eyes_hidden(self) -> bool:
        return self.chroma >= CHROMA_MIN and self.eye_light < EYE_LIGHT_MIN and self.eye_colour < EYE_COLOUR_MIN

    @property
    def occluded(self) -> bool:
        return self.mouth_hidden or self.eyes_hidden


def measure_occlusion(aligned: Image) -> OcclusionMeasures:
    """Measure the (112, 112, 3) BGR aligned picture of a face that looks at the camera."""
    smooth = cv2.blur(aligned, (BLUR_PX, BLUR_PX))
    lab = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_BGR2Lab), np.float32)  # L* in 255ths, a* and b* with 128 added
    light, red = lab[..., 0], lab[..., 1]
    grey = np.asarray(cv2.cvtColor(smooth, cv2.COLOR_BGR2GRAY), np.float32)
    lines = np.abs(np.asarray(cv2.Sobel(grey[_LIPS], cv2.CV_32F, 0, 1), np.float32))
    cheek_chroma = _median(_chroma(lab, _CHEEKS))
    eyes_light = float(np.mean([np.percentile(light[eye], 75) for eye in _EYES]))
    eyes_chroma = float(np.mean([_median(_chroma(lab, (eye,))) for eye in _EYES]))
    return OcclusionMeasures(
        lip_red=float(np.percentile(red[_MOUTH], 90)) - _median(_of(red, _BESIDE_MOUTH)),
        mouth_line=float(lines.mean()) / (float(grey[_FACE].std()) + 1e-3),
        eye_light=eyes_light / (_median(_of(light, _CHEEKS)) + 1),
        eye_colour=eyes_chroma / (cheek_chroma + 1),
        chroma=max(cheek_chroma, _median(_chroma(lab, (_BRIDGE,)))),
    )


def _of(values: _Floats, parts: tuple[_Part, ...]) -> _Floats:
    return np.concatenate([values[part].ravel() for part in parts])


def _chroma(lab: _Floats, parts: tuple[_Part, ...]) -> _Floats:
    found: _Floats = np.hypot(_of(lab[..., 1], parts) - 128, _of(lab[..., 2], parts) - 128)
    return found


def _median(values: _Floats) -> float:
    return float(np.median(values))
