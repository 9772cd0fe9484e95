"""Hold photos of enrolled workers on a phone before the camera: how many are let in?

Detector, vote and liveness check are the gate's own. Only the phone is simulated: a lit screen with another photo of
the worker than the enrolled one. The hand trembles, comes nearer and turns as the gate asks, seen in perspective by a
camera with noise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from contract.messages import Advice, LivenessVerdict
from edge.core.config import LivenessConfig, MatcherConfig
from edge.core.domain import Frame, Image, Sight, Template
from edge.matcher import EnrolmentError, FaceEngine, FaceMatcher
from edge.matcher.liveness.combined import open_liveness
from edge.sim.heads import CENTRE_PX, FOCAL_PX, Follow, Wander, rotation

SCREEN_MM = (66.0, 142.0)
FRAME_MM = 4.0
RATE_HZ = 10.0
SHOWN_S = 4.0
"""A photo by which nobody was named after this time has failed."""
SENSOR_NOISE = 4.0
GREY = 110


@dataclass(frozen=True, slots=True)
class PhoneOutcome:
    """The outcome of one phone. `let_in`: the gate would have opened; `asked`: a turn was asked for."""

    named: bool
    asked: bool
    let_in: bool
    seconds: float


def find_pairs(folder: Path, seed: int) -> list[tuple[Path, Path]]:
    """Choose two photos of each person, in random order: one to enrol, one for the phone."""
    people = [
        sorted(p for p in person.iterdir() if p.is_file()) for person in sorted(folder.iterdir()) if person.is_dir()
    ]
    able = [photos for photos in people if len(photos) >= 2]
    order = np.random.default_rng(seed).permutation(len(able))
    return [(able[i][0], able[i][1]) for i in order]


def present(
    engine: FaceEngine, pairs: Iterable[tuple[Path, Path]], count: int, config: LivenessConfig, seed: int
) -> list[PhoneOutcome]:
    """Present the phones of the first `count` people who can be enrolled, to a gate that knows all of them."""
    matcher = MatcherConfig()
    gate = FaceMatcher(engine, matcher, open_liveness(config, matcher, Path()))
    enrolled: list[tuple[str, Template]] = []
    phones: list[Image] = []
    for number, (first, second) in enumerate(pairs):
        if len(phones) == count:
            break
        image, screen = cv2.imread(str(first)), cv2.imread(str(second))
        if image is None or screen is None:
            continue
        try:
            templates = gate.enrol([image.astype(np.uint8, copy=False)])
        except EnrolmentError:
            continue
        enrolled += [(f"w{number}", template) for template in templates]
        phones.append(_screen(engine, screen.astype(np.uint8, copy=False)))
    gate.load(enrolled)
    return [_hold_up(gate, phone, config, seed + number, 100.0 * number) for number, phone in enumerate(phones)]


def _screen(engine: FaceEngine, photo: Image) -> Image:
    """Draw the phone's front: the photo fitted to the screen, cut to about twice the face, in a dark frame."""
    wide, high = (round(10 * mm) for mm in SCREEN_MM)
    faces = engine.detect(photo)
    if faces:
        x, y, width, height = max(faces, key=lambda face: face.box[3]).box
        left, top = max(0, int(x - width / 3)), max(0, int(y - height / 2))
        photo = photo[top : int(y + 1.5 * height), left : int(x + 1.33 * width)]
    scale = min(wide / photo.shape[1], high / photo.shape[0])
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    front = np.full((high, wide, 3), 12, np.uint8)
    top, left = (high - small.shape[0]) // 2, (wide - small.shape[1]) // 2
    front[top : top + small.shape[0], left : left + small.shape[1]] = small
    edge = round(10 * FRAME_MM)
    framed: Image = cv2.copyMakeBorder(front, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=(20, 20, 20)).astype(
        np.uint8
    )
    return framed


def _hold_up(gate: FaceMatcher, phone: Image, config: LivenessConfig, seed: int, start_s: float) -> PhoneOutcome:
    """Run one phone from the first frame until it is let in, refused, or not recognised in time."""
    rng = np.random.default_rng(seed)
    hand = _Hand(rng, phone)
    asked: Advice | None = None
    named = was_asked = False
    now_s, end_s, number = 0.0, SHOWN_S, 0
    while now_s < end_s:
        number += 1
        seen = gate.identify(Frame(hand.frame(now_s, asked), start_s + now_s, round(start_s * RATE_HZ) + number))
        asked = seen.challenge
        was_asked = was_asked or asked is not None
        if seen.sight is Sight.KNOWN and not named:
            named, end_s = True, now_s + config.challenge_limit_ms / 1000 + 2
        if seen.sight is Sight.KNOWN and asked is None:
            live = seen.liveness is LivenessVerdict.LIVE
            if live or not config.must_be_live or seen.liveness is LivenessVerdict.DOUBTFUL:
                return PhoneOutcome(True, was_asked, live or not config.must_be_live, now_s)
        now_s += 1 / RATE_HZ
    return PhoneOutcome(named, was_asked, False, now_s)


class _Hand:
    """Holds a phone before the camera, moves it a little, and turns it as the gate asks."""

    def __init__(self, rng: np.random.Generator, phone: Image) -> None:
        self._rng, self._phone = rng, phone
        self._near, self._gain = float(rng.uniform(200, 300)), float(rng.uniform(0.75, 1.1))
        self._place = [Wander(rng, d) for d in (8, 8, 10)]
        self._wave = [Wander(rng, d, 0.5) for d in (5, 5, 3)]
        self._follow = Follow(rng, float(rng.uniform(20, 45)), float(rng.uniform(0.4, 0.9)))

    def frame(self, now_s: float, asked: Advice | None) -> Image:
        yaw, lean = self._follow.at(now_s, asked)
        own = [w.next() for w in self._wave]
        x, y, z = (w.next() for w in self._place)
        height, width = self._phone.shape[:2]
        half = np.array((width, height)) / 20
        corners = np.column_stack((np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half, np.zeros(4)))
        solid = corners @ rotation(own[0] + yaw, own[1], own[2]).T + (x, y, (self._near + z) * (1 - lean))
        seen = (solid[:, :2] / solid[:, 2:] * FOCAL_PX + CENTRE_PX).astype(np.float32)
        sheet = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
        lit = np.clip(self._phone.astype(np.float32) * self._gain, 0, 255)
        warped = cv2.warpPerspective(
            lit, cv2.getPerspectiveTransform(sheet, seen), (640, 480), flags=cv2.INTER_AREA, borderValue=(GREY,) * 3
        )
        soft = cv2.GaussianBlur(warped, (0, 0), 0.8)
        noisy: Image = np.clip(soft + self._rng.normal(0, SENSOR_NOISE, soft.shape), 0, 255).astype(np.uint8)
        return noisy


def summary(shown: Sequence[PhoneOutcome]) -> dict[str, int]:
    return {
        "shown": len(shown),
        "named": sum(one.named for one in shown),
        "asked": sum(one.asked for one in shown),
        "let_in": sum(one.let_in for one in shown),
    }
