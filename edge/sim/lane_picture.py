"""Draw the empty lane in front of the gate: sky, fence, a site building, concrete, turnstile posts."""

import cv2
import numpy as np

from edge.core.domain import Image

HORIZON = 0.44
"""Height of the horizon as a fraction of the frame's height, from the top: the camera hangs at eye height."""


def draw_lane(width: int, height: int, grey: int, seed: int) -> Image:
    """Return the background of `width` x `height` pixels, (height, width, 3) BGR, about `grey` bright."""
    horizon = round(HORIZON * height)
    tone = np.empty((height, 1, 3), np.float32)
    tone[:horizon, 0] = np.linspace([1.25, 1.2, 1.12], [1.1, 1.1, 1.1], horizon)
    tone[horizon:, 0] = np.linspace([0.78, 0.82, 0.84], [0.6, 0.63, 0.65], height - horizon)
    picture = np.clip(tone.repeat(width, axis=1) * grey, 0, 255).astype(np.uint8)
    _building(picture, horizon, grey)
    _fence(picture, horizon, grey)
    _posts(picture, horizon, grey)
    coarse = np.random.default_rng(seed).normal(0, 5, (height // 4 + 1, width // 4 + 1, 1)).astype(np.float32)
    grain = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    soft: Image = np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8) + grain, 0, 255).astype(np.uint8)
    return soft


def _building(picture: Image, horizon: int, grey: int) -> None:
    """Draw a shell of concrete floors behind the fence."""
    height, width = picture.shape[:2]
    left, right, floor = round(0.08 * width), round(0.46 * width), round(0.085 * height)
    for level in range(4):
        bottom = horizon - level * floor
        cv2.rectangle(picture, (left, bottom - floor), (right, bottom), _shade(grey, 0.72), -1)
        cv2.rectangle(picture, (left, bottom - floor), (right, bottom - floor + 4), _shade(grey, 0.95), -1)
        for column in range(left, right, max(1, round(0.06 * width))):
            cv2.rectangle(picture, (column, bottom - floor), (column + 5, bottom), _shade(grey, 0.9), -1)
    crane = round(0.72 * width)
    cv2.line(picture, (crane, horizon), (crane, round(0.05 * height)), (60, 150, 190), 4)
    cv2.line(
        picture,
        (round(0.58 * width), round(0.07 * height)),
        (round(0.97 * width), round(0.07 * height)),
        (60, 150, 190),
        3,
    )


def _fence(picture: Image, horizon: int, grey: int) -> None:
    height, width = picture.shape[:2]
    top, bottom = horizon - round(0.04 * height), horizon + round(0.1 * height)
    for x in range(0, width, max(1, width // 40)):
        cv2.line(picture, (x, top), (x, bottom), _shade(grey, 0.6), 1)
    for y in (top, (top + bottom) // 2, bottom):
        cv2.line(picture, (0, y), (width, y), _shade(grey, 0.55), 2)


def _posts(picture: Image, horizon: int, grey: int) -> None:
    """Draw the turnstile's posts at both sides, with hazard stripes."""
    height, width = picture.shape[:2]
    wide = round(0.055 * width)
    for left in (round(0.02 * width), width - round(0.02 * width) - wide):
        top = horizon + round(0.12 * height)
        cv2.rectangle(picture, (left, top), (left + wide, height), _shade(grey, 0.5), -1)
        for y in range(top, height, max(2, round(0.09 * height))):
            stripe = [(left, y + wide), (left + wide, y), (left + wide, y + wide // 2), (left, y + wide + wide // 2)]
            cv2.fillPoly(picture, [np.array(stripe, np.int32)], (40, 190, 225))


def _shade(grey: int, part: float) -> tuple[int, int, int]:
    value = min(255, round(grey * part))
    return value, value, value
