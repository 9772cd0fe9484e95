"""The walk-up film: real photos turned into people who come to the gate. A pure function of script and time.

A scene: the lane is empty for `gap_s`, people walk up for `approach_s`, stand for `stay_s`, and leave within `leave_s`.
"""

import math
import random
import tomllib
from pathlib import Path
from typing import Literal, NamedTuple

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edge.cutout import Cutout
from edge.domain import Image

NOISE_MARGIN = 64
FADE_S = 0.25


class ScriptError(ValueError):
    """A walk-up script that cannot be played; the message names every problem."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Light(Part):
    """Every picture value v (0-1) becomes gain * v ** gamma."""

    gain: float = Field(default=1.0, ge=0, le=1.5)
    gamma: float = Field(default=1.0, ge=0.2, le=5)

    def towards(self, other: "Light", part: float) -> "Light":
        return Light(gain=_mix(self.gain, other.gain, part), gamma=_mix(self.gamma, other.gamma, part))


class Person(Part):
    """Somebody out of a photo. Widths are those of the face box as it appears in the frame, in pixels."""

    photo_path: Path
    face: tuple[float, float, float, float]
    """x, y, width, height of the face in the photo, in pixels."""
    far_px: float = Field(default=20, ge=4, le=400)
    near_px: float = Field(default=120, ge=4, le=800)
    """The width reached in front of the gate; a small one is somebody who stays too far away."""
    x: float = Field(default=0.5, ge=0, le=1)
    """Where the face is across the frame, 0 left to 1 right."""
    y: float = Field(default=0.42, ge=0, le=1)
    sway_px: float = Field(default=8, ge=0, le=100)
    """Motion from side to side while walking; a tenth of it while standing."""
    leave: Literal["past", "back"] = "past"
    """"past": through the gate and out of the picture at the side; "back": the way they came."""

    @model_validator(mode="after")
    def _sizes(self) -> "Person":
        if min(self.face[2:]) < 8:
            raise ValueError("the face must be at least 8 x 8 photo pixels: [x, y, width, height]")
        if self.far_px > self.near_px:
            raise ValueError("far_px is larger than near_px")
        return self


class Scene(Part):
    """One or more people who come and go together."""

    name: str
    people: tuple[Person, ...] = Field(min_length=1, max_length=8)
    gap_s: float = Field(default=1.5, ge=0, le=600)
    approach_s: float = Field(default=2.0, ge=0.1, le=60)
    stay_s: float = Field(default=2.5, ge=0, le=600)
    leave_s: float = Field(default=0.8, ge=0.1, le=60)
    light: Light = Light()
    light_end: Light | None = None
    """The light changes evenly to this one during the scene."""
    noise: float = Field(default=2.0, ge=0, le=40)
    """Standard deviation of the sensor noise, in grey levels."""
    blur_px: float = Field(default=5, ge=0, le=40)
    """Motion blur at full walking pace."""
    stay_blur_px: float = Field(default=0, ge=0, le=40)
    """Motion blur of somebody who does not hold still."""

    @property
    def duration_s(self) -> float:
        return self.gap_s + self.approach_s + self.stay_s + self.leave_s


class Script(Part):
    """A walk-up script: scenes one after another, then an empty lane for `tail_s`."""

    width_px: int = Field(default=640, ge=160, le=3840)
    height_px: int = Field(default=480, ge=120, le=2160)
    rate_hz: float = Field(default=15, gt=0, le=120)
    seed: int = 1
    background_grey: int = Field(default=150, ge=20, le=235)
    tail_s: float = Field(default=1.0, ge=0, le=600)
    start_when_path: Path | None = None
    """The lane stays empty until this file exists."""
    scenes: tuple[Scene, ...] = Field(min_length=1)

    @property
    def duration_s(self) -> float:
        return sum(s.duration_s for s in self.scenes) + self.tail_s

    def timetable(self) -> list[tuple[str, float, float]]:
        """(scene, start, end) in seconds from the beginning of the film."""
        rows, start_s = [], 0.0
        for scene in self.scenes:
            rows.append((scene.name, start_s, start_s + scene.duration_s))
            start_s += scene.duration_s
        return rows


def load_script(path: Path) -> Script:
    """The walk-up script in a TOML file. Relative paths in it are relative to the file.

    Raises:
        ScriptError: unreadable file, broken TOML, wrong keys or values, a photo that is not there.
    """
    try:
        script = Script.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ScriptError(f"{path}: cannot be read ({error.strerror}); set camera.path to a walk-up script") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path}: is not valid TOML: {error}") from error
    except ValidationError as error:
        lines = [f"  - {'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        raise ScriptError(f"{path}: {len(lines)} problem(s)\n" + "\n".join(lines)) from error
    script = _absolute(script, path.parent.resolve())
    missing = sorted({str(p.photo_path) for s in script.scenes for p in s.people if not p.photo_path.is_file()})
    if missing:
        raise ScriptError(f"{path}: no such photo: {', '.join(missing)}")
    return script


def _absolute(script: Script, base: Path) -> Script:
    def person(p: Person) -> Person:
        return p.model_copy(update={"photo_path": base / p.photo_path})

    scenes = tuple(s.model_copy(update={"people": tuple(map(person, s.people))}) for s in script.scenes)
    start = base / script.start_when_path if script.start_when_path else None
    return script.model_copy(update={"scenes": scenes, "start_when_path": start})


class Pose(NamedTuple):
    """Where a person is at one moment: face centre and width in frame pixels, opacity 0-1, motion blur in pixels."""

    x: float
    y: float
    face_px: float
    opacity: float
    blur_px: float


def pose(person: Person, scene: Scene, into_s: float, width: int, height: int) -> Pose | None:
    """The person's pose so many seconds into the scene; None while out of the picture.

    Size follows the pinhole camera: at an even pace the *distance* (1 / width) shrinks evenly, so a face grows slowly
    first and fast at the end.
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
        ScriptError: a photo cannot be read, or its face lies outside of it.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        size = script.height_px, script.width_px
        self._lane = lane(size[1], size[0], script.background_grey, script.seed)
        grain = np.random.default_rng(script.seed).standard_normal((size[0] + NOISE_MARGIN, size[1] + NOISE_MARGIN, 1))
        self._grain = grain.repeat(3, axis=2).astype(np.float32)
        self._noise: dict[float, tuple[Image, Image]] = {}
        self._cutouts: dict[tuple[object, ...], Cutout] = {}
        for scene in script.scenes:
            self._noise_of(scene.noise)
            for person in scene.people:
                self._cutout(person)

    def frame_at(self, t_s: float) -> Image:
        """The picture so many seconds into the film, (height, width, 3) BGR; an empty lane before and after it."""
        index = math.floor(t_s * self.script.rate_hz)
        scene, into_s, before = self._scene_at(t_s)
        frame: Image = self._lane.copy()
        poses = [(p, pose(p, scene, into_s, self.script.width_px, self.script.height_px)) for p in scene.people]
        for person, where in sorted(((p, w) for p, w in poses if w), key=lambda item: item[1].face_px):
            self._cutout(person).draw(frame, where.x, where.y, where.face_px, where.opacity, where.blur_px)
        frame = _lit(frame, self._light(scene, into_s, before))
        return self._with_noise(frame, scene.noise, index)

    def _scene_at(self, t_s: float) -> tuple[Scene, float, Scene | None]:
        """The scene at that time, the seconds into it, and the scene before it."""
        start_s, before = 0.0, None
        for scene in self.script.scenes:
            if t_s < start_s + scene.duration_s:
                return scene, t_s - start_s, before
            start_s, before = start_s + scene.duration_s, scene
        last = self.script.scenes[-1]
        return last, max(last.duration_s, t_s - start_s + last.duration_s), before

    @staticmethod
    def _light(scene: Scene, into_s: float, before: Scene | None) -> Light:
        if into_s < scene.gap_s and before is not None:  # while the lane is empty, from the last scene's light to this one's
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

    def _cutout(self, person: Person) -> Cutout:
        key = (person.photo_path, person.face)
        if key not in self._cutouts:
            largest = max(p.near_px for s in self.script.scenes for p in s.people)
            try:
                self._cutouts[key] = Cutout.from_photo(person.photo_path, person.face, largest)
            except ValueError as error:
                raise ScriptError(str(error)) from error
        return self._cutouts[key]


def _lit(frame: Image, light: Light) -> Image:
    if light == Light():
        return frame
    levels = np.arange(256, dtype=np.float32) / 255
    table = np.clip(255 * light.gain * levels**light.gamma, 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(frame, table), np.uint8)


def _mix(a: float, b: float, part: float) -> float:
    return a + (b - a) * part
