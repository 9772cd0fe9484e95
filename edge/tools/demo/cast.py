"""Define who walks up in the demonstration, how, and what the gate must do.

The photos are real, the workers are not: they are named by letters. Worker A is enrolled from one photo and walks up in
another. Of the others the packages hold one photo each. They are enrolled and filmed from the same one (moving, scaled,
blurred and lit differently).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from contract.messages import Advice, Reason
from edge.core.domain import Face, Image
from edge.matcher import FaceMatcher
from edge.system.photo_file import read_photo

LANE_PHOTOS: Mapping[str, tuple[str, int]] = {
    # name in the script: (photo, which face in it, from the left)
    "a-enrolled": ("person-a-1.jpg", 0),
    "a-today": ("person-a-2.jpg", 0),
    "b": ("person-b-1.jpg", 0),
    "stranger": ("person-c-1.png", 0),
    "c": ("group-1.jpg", 0),
    "d": ("group-1.jpg", 2),
    "e": ("group-1.jpg", 3),
    "f": ("group-1.jpg", 5),
}


@dataclass(frozen=True, slots=True)
class Portrait:
    """One face of one photo: the whole photo, and the face's box in it in pixels."""

    path: Path
    image: Image
    face: Face

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.face.box

    def crop(self) -> Image:
        """Cut out the face alone, as an enrolment photo needs it."""
        x, y, w, h = self.face.box
        side = 0.55
        rows, columns = self.image.shape[:2]
        top, bottom = max(0, int(y - side * h)), min(rows, int(y + (1 + side) * h))
        left, right = max(0, int(x - side * w)), min(columns, int(x + (1 + side) * w))
        part = np.ascontiguousarray(self.image[top:bottom, left:right])
        return _enlarged(part, int(w))


@dataclass(frozen=True, slots=True)
class Act:
    """One scene and its required outcome."""

    title: str
    people: tuple[str, ...]
    reason: Reason
    advice: Advice
    worker_id: str | None = None
    near_px: float = 150
    gain: float = 1.0
    stay_s: float = 0.4
    far_px: float = 55
    gap_s: float = 0.45
    waits_for: str = ""
    """The name of a file in the stage's folder: the scene begins when it exists."""
    code_size: float = 0.9
    code_file: str = ""
    """The name of a file there: the text of the code on the card in the first person's hand."""


@dataclass(frozen=True, slots=True)
class Member:
    """An enrolled worker of the demonstration."""

    worker_id: str
    portrait: str
    training_valid_until: str = "2099-12-31"
    sites: tuple[str, ...] = ("site-demo",)
    listed: bool = False
    consent_ref: str = field(default="demo-consent")


MEMBERS = (
    Member("worker-a", "a-enrolled"),
    Member("worker-b", "b", listed=True),
    Member("worker-c", "c", training_valid_until="2020-01-31"),
    Member("worker-d", "d"),
    Member("worker-e", "e"),
    Member("worker-f", "f"),
)

STEP_MAX_S = 0.2
"""Between two pictures that the gate takes: a slow gate also sees each person in five. The stranger stays longer."""
ACTS = (
    Act("Worker A, in another photo than the enrolled one", ("a-today",), Reason.GRANTED, Advice.WALK_THROUGH, "worker-a"),
    Act("Somebody who is on no roster", ("stranger",), Reason.UNKNOWN, Advice.SEE_DESK, stay_s=0.8),
    Act("Worker B, on the risk list", ("b",), Reason.RISK_HOLD, Advice.SEE_DESK, "worker-b"),
    Act("Worker C, training lapsed", ("c",), Reason.TRAINING_LAPSED, Advice.RENEW_TRAINING, "worker-c"),
    Act("Workers D and E at once", ("d", "e"), Reason.MULTIPLE_FACES, Advice.ONE_BY_ONE, near_px=120, stay_s=0.65),
    Act("Worker F, in the dark", ("f",), Reason.LOW_QUALITY, Advice.MORE_LIGHT, gain=0.16, stay_s=0.65),
    Act("Worker F, staying too far away", ("f",), Reason.LOW_QUALITY, Advice.COME_CLOSER, near_px=42, far_px=38, stay_s=0.6),
)  # fmt: skip


FEBRUARY = (
    Act(
        "Worker A, whom a key list names since a moment",
        ("a-today",), Reason.RISK_HOLD, Advice.SEE_DESK, "worker-a", waits_for="walk-up-refused", gap_s=2.5, stay_s=0.8,
    ),
    Act(
        "Worker A, after the hit was lifted",
        ("a-today",), Reason.GRANTED, Advice.WALK_THROUGH, "worker-a", waits_for="walk-up-lifted", gap_s=2.5, stay_s=0.8,
    ),
)  # fmt: skip
"""What the gate does in the district's chapter of the demonstration, after the people side did its part."""

PUPIL = (
    Act(
        "Worker C, with the code of a course in the hand",
        ("c",), Reason.TRAINING_LAPSED, Advice.RENEW_TRAINING, "worker-c", near_px=120, stay_s=4.0,
        waits_for="walk-up-proof", code_file="code", code_size=1.7,
    ),
    Act(
        "Worker C, after the proof",
        ("c",), Reason.GRANTED, Advice.WALK_THROUGH, "worker-c", waits_for="walk-up-trained", gap_s=3.5, stay_s=0.8,
    ),
)  # fmt: skip
"""The gate may see that the training lapsed before it has read the code. So these are not judged one by one."""


KEPT = (
    Act("Worker D alone", ("d",), Reason.GRANTED, Advice.WALK_THROUGH, "worker-d", waits_for="walk-up-kept", gap_s=2.0),
    Act("Worker E alone", ("e",), Reason.GRANTED, Advice.WALK_THROUGH, "worker-e", gap_s=2.0),
    Act("Worker F, in the light", ("f",), Reason.GRANTED, Advice.WALK_THROUGH, "worker-f", gap_s=2.0),
)
"""Who comes in when the demonstration is kept: the pages then show people inside, and what became of refusals."""


def portraits(photos_dir: Path, matcher: FaceMatcher) -> dict[str, Portrait]:
    """Find every face of the cast in its photo. Raises LookupError if the detector does not find one."""
    found: dict[str, Portrait] = {}
    seen: dict[str, tuple[Image, list[Face]]] = {}
    for name, (file, index) in LANE_PHOTOS.items():
        if file not in seen:
            image = read_photo(photos_dir / file)
            seen[file] = image, sorted(matcher.engine.detect(image), key=lambda f: f.box[0])
        image, faces = seen[file]
        if index >= len(faces):
            raise LookupError(f"{file}: {len(faces)} faces found, number {index + 1} is wanted")
        found[name] = Portrait(photos_dir / file, image, faces[index])
    return found


def walk_up_script(
    cast: Mapping[str, Portrait],
    start_when: Path,
    rate_hz: float,
    acts: Sequence[Act] = ACTS,
    tail_s: float = 0.5,
) -> str:
    """Write the script (TOML) for the walk-up camera. The lane is empty until the file `start_when` exists."""
    head = f"rate_hz = {rate_hz}\nstep_max_s = {STEP_MAX_S}\nstart_when_path = {json.dumps(str(start_when))}\ntail_s = {tail_s}\n"
    return head + "".join(_scene(act, cast, start_when.parent) for act in acts)


def _scene(act: Act, cast: Mapping[str, Portrait], folder: Path) -> str:
    places = (0.5,) if len(act.people) == 1 else (0.3, 0.7)
    people = "".join(
        f"[[scenes.people]]\nphoto_path = {json.dumps(str(cast[name].path))}\nface = {[round(v, 1) for v in cast[name].box]}\n"
        f"far_px = {act.far_px}\nnear_px = {act.near_px}\nx = {x}\n{_path('code_path', folder, act.code_file)}"
        f"code_size = {act.code_size}\n"
        for name, x in zip(act.people, places, strict=True)
    )
    waits = _path("start_when_path", folder, act.waits_for)
    return (
        f"\n[[scenes]]\nname = {json.dumps(act.title)}\n{waits}gap_s = {act.gap_s}\napproach_s = 0.45\n"
        f"stay_s = {act.stay_s}\nleave_s = 0.1\n"
        f"light = {{ gain = {act.gain} }}\n{people}"
    )


def _path(key: str, folder: Path, name: str) -> str:
    return f"{key} = {json.dumps(str(folder / name))}\n" if name else ""


def _enlarged(image: Image, face_px: int, wanted_px: int = 110) -> Image:
    """Enlarge a small face, so that the quality rules of enrolment judge the photo and not its size."""
    scale = wanted_px / face_px
    if scale <= 1:
        return image
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8)
