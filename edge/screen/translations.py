"""The words of the screen: one folder per language in `text/`. A new language is one more folder, nothing else.

`words.toml` holds the words for reasons, notices and states; each room of pages has a file of its own.
"""

import functools
import tomllib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contract.messages import DECISION_LISTS, DataTier, Direction, ListKind, NoticeCode, Origin, PassageOutcome, Reason
from contract.policy import Weekday
from edge.core.passage import PassageState
from edge.screen.lane_view import SIGNS, Sign
from edge.screen.words.alarms import AlarmWord
from edge.screen.words.details import Detail
from edge.screen.words.frame import FrameWord
from edge.screen.words.history import HistoryWord
from edge.screen.words.office import Concern, OfficeWord
from edge.screen.words.pages import DeskWord as DeskWord
from edge.screen.words.pages import Label as Label
from edge.screen.words.pages import MusterWord as MusterWord
from edge.screen.words.people import PeopleWord
from edge.screen.words.sign_in import SignInWord
from edge.screen.words.time import TimeWord
from edge.screen.words.visitors import VisitorWord


class Unit(StrEnum):
    """Units of an age; each text holds "{n}"."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"


class Drifted(StrEnum):
    """A drift of the gate's scores that needs a look."""

    SCORES = "scores"
    UNKNOWN = "unknown"
    UNUSABLE = "unusable"


class PhotosLetIn(StrEnum):
    """The liveness modes in which a photo of a worker is let in."""

    OFF = "off"
    ADVISORY = "advisory"


class DiskSign(StrEnum):
    """Signs of the disk for the manager; the texts hold "{free}" (MB) or "{days}"."""

    LOW = "low"
    VERY_LOW = "very_low"
    CRITICAL = "critical"
    FILLING = "filling"


class MissingText(ValueError):
    """A language file that is broken or incomplete. The text names what is missing."""


class Texts(BaseModel):
    """One language. `second` is the language shown small beside it on the lane page, `speech` the espeak-ng voice that
    speaks it, `todo` what the site manager does about a decision, `notice_todo` about those notices that ask for it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")
    name: str
    speech: str
    second: str
    sign: dict[Sign, str]
    reason: dict[Reason, str]
    todo: dict[Reason, str]
    notice: dict[NoticeCode, str]
    notice_todo: dict[NoticeCode, str]
    origin: dict[Origin, str]
    outcome: dict[PassageOutcome, str]
    direction: dict[Direction, str]
    gate_state: dict[PassageState, str]
    tier: dict[DataTier, str]
    list: dict[ListKind, str]
    unit: dict[Unit, str]
    drifted: dict[Drifted, str]
    drift_todo: dict[Drifted, str]
    photos: dict[PhotosLetIn, str]
    photos_todo: dict[PhotosLetIn, str]
    disk: dict[DiskSign, str]
    disk_todo: dict[DiskSign, str]
    label: dict[Label, str]
    desk: dict[DeskWord, str]
    muster: dict[MusterWord, str]
    rooms: dict[str, dict[str, str]] = Field(default_factory=dict)
    """The words of each room's pages, by the room's name."""

    def room(self, name: str) -> dict[str, str]:
        """Return the words of a room's pages; empty for a folder without words."""
        return self.rooms.get(name, {})

    @model_validator(mode="after")
    def _complete(self) -> "Texts":
        for name, kind in _WORDS.items():
            missing = [m.value for m in kind if not getattr(self, name).get(m)]
            if missing:
                raise ValueError(f"[{name}] lacks {', '.join(missing)}")
        for name, words in ROOM_WORDS.items():
            missing = [word.value for word in words if not self.room(name).get(word)]
            if missing:
                raise ValueError(f"{name}.toml lacks {', '.join(missing)}")
        if any("{n}" not in text for text in self.unit.values()):
            raise ValueError('each text in [unit] needs "{n}"')
        return self

    @cached_property
    def labels(self) -> dict[str, str]:
        return {label.value: text for label, text in self.label.items()}

    @cached_property
    def desk_words(self) -> dict[str, str]:
        return {word.value: text for word, text in self.desk.items()}

    @cached_property
    def muster_words(self) -> dict[str, str]:
        return {word.value: text for word, text in self.muster.items()}

    def age(self, duration: timedelta) -> str:
        """A duration in one coarse unit, for example "3 min"."""
        seconds = max(0, int(duration.total_seconds()))
        for unit, size in ((Unit.DAYS, 86_400), (Unit.HOURS, 3_600), (Unit.MINUTES, 60)):
            if seconds >= (2 * size if unit is Unit.DAYS else size):
                return self.unit[unit].format(n=seconds // size)
        return self.unit[Unit.SECONDS].format(n=seconds)


_WORDS: dict[str, Iterable[StrEnum]] = {
    "sign": SIGNS,
    "reason": Reason,
    "todo": Reason,
    "notice": NoticeCode,
    "outcome": PassageOutcome,
    "origin": Origin,
    "direction": Direction,
    "gate_state": PassageState,
    "tier": DataTier,
    "list": DECISION_LISTS,
    "unit": Unit,
    "drifted": Drifted,
    "drift_todo": Drifted,
    "photos": PhotosLetIn,
    "photos_todo": PhotosLetIn,
    "disk": DiskSign,
    "disk_todo": DiskSign,
    "label": Label,
    "desk": DeskWord,
    "muster": MusterWord,
}


ROOM_WORDS: dict[str, Iterable[StrEnum]] = {
    "alarms": AlarmWord,
    "concerns": Concern,
    "concerns_todo": Concern,
    "details": Detail,
    "frame": FrameWord,
    "people": PeopleWord,
    "history": HistoryWord,
    "office": OfficeWord,
    "sign_in": SignInWord,
    "visitors": VisitorWord,
    "time": (*Weekday, *TimeWord),
}
"""The words that each room's file must hold, in every language."""


def parse(sources: Mapping[str, str], folder: str) -> Texts:
    """Read one language. `sources`: content by file name. Raises MissingText."""
    data: dict[str, Any] = {"rooms": {}}
    try:
        for name, source in sources.items():
            tables = tomllib.loads(source)
            if name == "words.toml":
                data |= tables
            else:
                data["rooms"][name.removesuffix(".toml")] = tables
        return Texts.model_validate(data)
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise MissingText(f"{folder}: {error}") from error


def _read(folder: Traversable) -> Texts:
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return parse({f.name: f.read_text(encoding="utf-8") for f in files}, folder.name)


@functools.cache
def load_all() -> dict[str, Texts]:
    """Every language in the package, by code. Raises MissingText if one is incomplete or names an unknown second."""
    folders = sorted(
        (f for f in (resources.files("edge.screen") / "text").iterdir() if f.is_dir()), key=lambda f: f.name
    )
    found = {texts.code: texts for texts in map(_read, folders)}
    for texts in found.values():
        if texts.second not in found:
            raise MissingText(f"{texts.code}: second = {texts.second!r} has no file; known: {', '.join(found)}")
    return found
