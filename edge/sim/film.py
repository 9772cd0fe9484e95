"""Render the walk-up film: people from real photos come to the gate. A pure function of script and time."""

import math
import random
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from edge.core.domain import Image
from edge.sim.code_card import CodeCard
from edge.sim.lane_picture import draw_lane
from edge.sim.person_cutout import Cutout
from edge.sim.walk_up_script import FilmPerson, Light, Scene, ScriptError, WalkUpScript
from edge.system.photo_file import read_photo

NOISE_MARGIN = 64
FADE_S = 0.25


class Pose(NamedTuple):
    """A person at one moment: face centre and width in frame pixels, opacity 0-1, motion blur in pixels."""

    x: float
    y: float
    face_px: float
    opacity: float
    blur_px: float


def pose(person: FilmPerson, scene: Scene, into_s: float, width: int, height: int) -> Pose | None:
    """Return the person's pose at this second of the scene; None outside of the picture.

    The size follows the pinhole camera. At an even pace the *distance* (1 / width) shrinks evenly, so a face grows
    slowly first and fast at the end.
    """
    t = into_s - scene.gap_s
    if t < 0 or t >= scene.approach_s + scene.stay_s + scene.leave_s:
        return None
    leaving_s = t - scene.approach_s - scene.stay_s
    walked = min(1.0, t / scene.approach_s)
    if leaving_s > 0 and person.leave == "back":
        walked = 1 - leaving_s / scene.leave_s
    eased = math.sin(walked * math.pi / 2)  # slows down in front of the gate
    face_px = 1 / _mix(1 / person.far_px, 1 / person.near_px, eased)
    pace = math.cos(walked * math.pi / 2) if leaving_s <= 0 else 1.0
    sway = person.sway_px * (0.1 + 0.9 * pace)
    x = person.x * width + sway * math.sin(2 * math.pi * 0.8 * t)
    y = person.y * height + 0.4 * sway * math.sin(2 * math.pi * 1.6 * t)
    if leaving_s > 0 and person.leave == "past":
        gone = (leaving_s / scene.leave_s) ** 2
        face_px *= 1 + 0.35 * gone
        aside = 1 if person.x >= 0.5 else -1
        x += aside * gone * ((width - x if aside > 0 else x) + 2 * face_px)
    fading_s = min(t, scene.approach_s + scene.stay_s + scene.leave_s - t) if person.leave == "back" else t
    return Pose(x, y, face_px, min(1.0, fading_s / FADE_S), _mix(scene.stay_blur_px, scene.blur_px, pace))


class Film:
    """Renders a script. `frame_at` depends on the script and the time alone; photos are read once, here.

    Raises:
        ScriptError: a photo cannot be read or lacks its face, or a code needs segno, which is not installed.
    """

    def __init__(self, script: WalkUpScript) -> None:
        self.script = script
        size = script.height_px, script.width_px
        self._lane = draw_lane(size[1], size[0], script.background_grey, script.seed)
        grain = np.random.default_rng(script.seed).standard_normal((size[0] + NOISE_MARGIN, size[1] + NOISE_MARGIN, 1))
        self._grain = grain.repeat(3, axis=2).astype(np.float32)
        self._noise: dict[float, tuple[Image, Image]] = {}
        self._cutouts: dict[tuple[object, ...], Cutout] = {}
        self._cards: dict[str, CodeCard] = {}
        self._codes: dict[Path, str] = {}
        for scene in script.scenes:
            self._noise_of(scene.noise)
            for person in scene.people:
                self._cutout(person)
                if person.code:
                    self._card(person.code)

    def frame_at(self, t_s: float) -> Image:
        """Return the picture at this second of the film, (height, width, 3) BGR; an empty lane before and after it."""
        index = math.floor(t_s * self.script.rate_hz)
        scene, into_s, before = self._scene_at(t_s)
        frame: Image = self._lane.copy()
        poses = [(p, pose(p, scene, into_s, self.script.width_px, self.script.height_px)) for p in scene.people]
        for person, where in sorted(((p, w) for p, w in poses if w), key=lambda item: item[1].face_px):
            self._cutout(person).draw(frame, where.x, where.y, where.face_px, where.opacity, where.blur_px)
            if code := self._code(person):
                x, y = where.x - 0.55 * where.face_px, where.y + 1.25 * where.face_px
                self._card(code).draw(frame, x, y, person.code_size * where.face_px, where.blur_px)
        frame = _lit(frame, self._light(scene, into_s, before))
        return self._with_noise(frame, scene.noise, index)

    def empty_at(self, t_s: float) -> Image:
        """Return the empty lane before the first person, in the first scene's light."""
        return self.frame_at(-1 - t_s)

    def _scene_at(self, t_s: float) -> tuple[Scene, float, Scene | None]:
        """Return the scene at that time, the seconds into it, and the scene before it."""
        start_s, before = 0.0, None
        for scene in self.script.scenes:
            if t_s < start_s + scene.duration_s:
                return scene, t_s - start_s, before
            start_s, before = start_s + scene.duration_s, scene
        last = self.script.scenes[-1]
        return last, max(last.duration_s, t_s - start_s + last.duration_s), before

    @staticmethod
    def _light(scene: Scene, into_s: float, before: Scene | None) -> Light:
        if (
            into_s < scene.gap_s and before is not None
        ):  # in the empty lane, change from the last scene's light to this one's
            return (before.light_end or before.light).towards(scene.light, max(0.0, into_s) / scene.gap_s)
        if scene.light_end is None:
            return scene.light
        acted_s = scene.duration_s - scene.gap_s
        return scene.light.towards(scene.light_end, min(1.0, max(0.0, into_s - scene.gap_s) / acted_s))

    def _with_noise(self, frame: Image, noise: float, index: int) -> Image:
        if not noise:
            return frame
        plus, minus = self._noise_of(noise)
        dice = random.Random(self.script.seed * 1_000_003 + index)
        y, x = dice.randrange(NOISE_MARGIN), dice.randrange(NOISE_MARGIN)
        rows, columns = frame.shape[:2]
        cv2.add(frame, plus[y : y + rows, x : x + columns], frame)
        cv2.subtract(frame, minus[y : y + rows, x : x + columns], frame)
        return frame

    def _noise_of(self, noise: float) -> tuple[Image, Image]:
        if noise not in self._noise:
            grain = np.rint(self._grain * noise)
            self._noise[noise] = np.clip(grain, 0, 255).astype(np.uint8), np.clip(-grain, 0, 255).astype(np.uint8)
        return self._noise[noise]

    def _code(self, person: FilmPerson) -> str:
        """Return the text of the card in a person's hand. A file of it is read once."""
        if person.code_path is None:
            return person.code
        if person.code_path not in self._codes and person.code_path.exists():
            self._codes[person.code_path] = person.code_path.read_text(encoding="utf-8").strip()
        return self._codes.get(person.code_path, "")

    def _card(self, text: str) -> CodeCard:
        if text not in self._cards:
            self._cards[text] = CodeCard(text)
        return self._cards[text]

    def _cutout(self, person: FilmPerson) -> Cutout:
        key = (person.photo_path, person.face)
        if key not in self._cutouts:
            largest = max(p.near_px for s in self.script.scenes for p in s.people if (p.photo_path, p.face) == key)
            try:
                self._cutouts[key] = Cutout.from_photo(read_photo(person.photo_path), person.face, largest)
            except ValueError as error:
                raise ScriptError(f"{person.photo_path}: {error}") from error
        return self._cutouts[key]


def _lit(frame: Image, light: Light) -> Image:
    if light == Light():
        return frame
    levels = np.arange(256, dtype=np.float32) / 255
    table = np.clip(255 * light.gain * levels**light.gamma, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(frame, table), np.uint8)


def _mix(a: float, b: float, part: float) -> float:
    return a + (b - a) * part
