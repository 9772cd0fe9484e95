"""Conditions that change at a gate from one day to the next: the lens, the light, what people wear."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from edge.core.domain import Face, Image
from edge.sim.occlusion import PAINTERS

CLEAR = "as before"


@dataclass(frozen=True, slots=True)
class Condition:
    """`worn` paints on the person's photo, `seen` changes every frame."""

    worn: Callable[[Image, Face], Image] | None = None
    seen: Callable[[Image], Image] | None = None


def film_on_lens(frame: Image) -> Image:
    """Simulate grease or drizzle on the lens: everything out of focus, contrast down."""
    soft = cv2.GaussianBlur(frame, (0, 0), 1.5)
    return np.asarray(cv2.convertScaleAbs(soft, alpha=0.85, beta=25), np.uint8)


def low_sun(frame: Image) -> Image:
    """Simulate stray light over the whole picture."""
    return np.asarray(cv2.convertScaleAbs(frame, alpha=0.5, beta=110), np.uint8)


def lamp_failed(frame: Image) -> Image:
    """Simulate a third of the light with the sensor's noise, the same in every run."""
    noise = np.random.default_rng(int(frame[::16, ::16].sum())).normal(0, 5, frame.shape)
    return np.clip(frame * 0.33 + noise, 0, 255).astype(np.uint8)


CONDITIONS: Mapping[str, Condition] = {
    CLEAR: Condition(),
    "film on the lens": Condition(seen=film_on_lens),
    "low sun": Condition(seen=low_sun),
    "lamp failed": Condition(seen=lamp_failed),
    "masks": Condition(worn=PAINTERS["mask"]),
    "helmets": Condition(worn=PAINTERS["helmet"]),
}
