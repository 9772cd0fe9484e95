"""Read the walk-up script: who comes to the gate, how, and in which light. One TOML file.

A scene: the lane is empty for `gap_s`, people walk up for `approach_s`, stand for `stay_s`, and leave within `leave_s`.
"""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from common.text_files import NotUtf8, read_text


class ScriptError(ValueError):
    """A walk-up script that cannot be played; the message names every problem."""


class ScriptPart(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")


class Light(ScriptPart):
    """Every picture value v (0-1) becomes gain * v ** gamma."""

    gain: float = Field(default=1.0, ge=0, le=1.5)
    gamma: float = Field(default=1.0, ge=0.2, le=5)

    def towards(self, other: "Light", part: float) -> "Light":
        return Light(
            gain=self.gain + (other.gain - self.gain) * part, gamma=self.gamma + (other.gamma - self.gamma) * part
        )


class FilmPerson(ScriptPart):
    """A person from a photo. Widths are those of the face box in the frame, in pixels."""

    photo_path: Path
    face: tuple[float, float, float, float]
    """x, y, width, height of the face in the photo, in pixels."""
    far_px: float = Field(default=20, ge=4, le=400)
    near_px: float = Field(default=120, ge=4, le=800)
    """The width reached in front of the gate. A small one is a person who stays too far away."""
    x: float = Field(default=0.5, ge=0, le=1)
    """Position of the face across the frame, 0 left to 1 right."""
    y: float = Field(default=0.42, ge=0, le=1)
    sway_px: float = Field(default=8, ge=0, le=100)
    """Motion from side to side while walking; a tenth of it while standing."""
    leave: Literal["past", "back"] = "past"
    """"past": through the gate and out of the picture at the side; "back": the way they came."""
    code: str = Field(default="", max_length=400)
    """The text of a QR code on a card in the person's hand; "": none."""
    code_path: Path | None = None
    """A file with that text, read when the person first shows: the code may be made after the film began."""
    code_size: float = Field(default=0.9, ge=0.2, le=3)
    """Width of the card with its margin, in face widths."""

    @model_validator(mode="after")
    def _sizes(self) -> "FilmPerson":
        if min(self.face[2:]) < 8:
            raise ValueError("the face must be at least 8 x 8 photo pixels: [x, y, width, height]")
        if self.far_px > self.near_px:
            raise ValueError("far_px is larger than near_px")
        return self


class Scene(ScriptPart):
    """One or more people who come and go together."""

    name: str
    people: tuple[FilmPerson, ...] = Field(min_length=1, max_length=8)
    start_when_path: Path | None = None
    """The lane stays empty before this scene until this file exists."""
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
    """Motion blur of a person who does not hold still."""

    @property
    def duration_s(self) -> float:
        return self.gap_s + self.approach_s + self.stay_s + self.leave_s


class WalkUpScript(ScriptPart):
    """A walk-up script: scenes one after another, then an empty lane for `tail_s`."""

    width_px: int = Field(default=640, ge=160, le=3840)
    height_px: int = Field(default=480, ge=120, le=2160)
    rate_hz: float = Field(default=15, gt=0, le=120)
    seed: int = 1
    background_grey: int = Field(default=150, ge=20, le=235)
    tail_s: float = Field(default=1.0, ge=0, le=600)
    step_max_s: float | None = Field(default=None, gt=0, le=10)
    """The film goes on by at most this from one picture to the next: a slow computer misses nobody. None: real time."""
    start_when_path: Path | None = None
    """The lane stays empty until this file exists."""
    scenes: tuple[Scene, ...] = Field(min_length=1)

    @property
    def duration_s(self) -> float:
        return sum(s.duration_s for s in self.scenes) + self.tail_s

    def timetable(self) -> list[tuple[str, float, float]]:
        """Return (scene, start, end) in seconds from the beginning of the film."""
        rows, start_s = [], 0.0
        for scene in self.scenes:
            rows.append((scene.name, start_s, start_s + scene.duration_s))
            start_s += scene.duration_s
        return rows


def load_script(path: Path) -> WalkUpScript:
    """Load a walk-up script from a TOML file. Relative paths in it are relative to the file.

    Raises:
        ScriptError: unreadable file, broken TOML, wrong keys or values, a missing photo.
    """
    try:
        script = WalkUpScript.model_validate(tomllib.loads(read_text(path)))
    except OSError as error:
        raise ScriptError(f"{path}: cannot be read ({error.strerror}); set camera.path to a walk-up script") from error
    except NotUtf8 as error:
        raise ScriptError(f"{path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise ScriptError(f"{path}: is not valid TOML: {error}") from error
    except ValidationError as error:
        lines = [f"  - {line}" for line in _explain(error)]
        raise ScriptError(f"{path}: {len(lines)} problem(s)\n" + "\n".join(lines)) from error
    script = _absolute(script, path.parent.resolve())
    missing = sorted({str(p.photo_path) for s in script.scenes for p in s.people if not p.photo_path.is_file()})
    if missing:
        raise ScriptError(f"{path}: no such photo: {', '.join(missing)}")
    return script


def _absolute(script: WalkUpScript, base: Path) -> WalkUpScript:
    def absolute(path: Path | None) -> Path | None:
        return base / path if path else None

    def person(p: FilmPerson) -> FilmPerson:
        return p.model_copy(update={"photo_path": base / p.photo_path, "code_path": absolute(p.code_path)})

    def scene(s: Scene) -> Scene:
        people = tuple(map(person, s.people))
        return s.model_copy(update={"people": people, "start_when_path": absolute(s.start_when_path)})

    scenes = tuple(map(scene, script.scenes))
    return script.model_copy(update={"scenes": scenes, "start_when_path": absolute(script.start_when_path)})


def _explain(error: ValidationError) -> list[str]:
    """Explain each wrong key in one line. A list that lost an invalid member is also too short: that is no separate
    problem."""
    found = [(e["loc"], e["msg"].removeprefix("Value error, ")) for e in error.errors()]
    real = [(loc, text) for loc, text in found if not any(o != loc and o[: len(loc)] == loc for o, _ in found)]
    return [f"{'.'.join(map(str, loc))}: {text}" for loc, text in real]
