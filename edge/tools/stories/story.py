"""A story: one TOML file with what happens at a gate and what must come of it."""

import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from common.text_files import NotUtf8, read_text
from common.unknown_keys import unknown_key
from contract.messages import Id, PolicySnapshot
from edge.core.config import Config, ConfigError, parse
from edge.tools.stories import expect, steps
from edge.tools.stories.expect import ExpectedLine
from edge.tools.stories.line import ENVELOPE, Step, StoryError, StoryLine, StoryPart, explain, parse_line
from edge.tools.stories.steps import NOBODY, STRANGER, PersonStep, WalksUpStep

TAIL_S = 1.0

FITTED: dict[str, Any] = {"pins": "mock", "passage_pin": 22, "fire_pin": 23, "tamper_pin": 24}
"""The gate of every story, unless its `[config.gate]` says otherwise ("none": not fitted)."""


class StoryWorker(StoryPart):
    """A worker on HQ's roster. Papers are in order unless given otherwise."""

    id: Id
    sites: tuple[Id, ...] | None = None
    """Without it: this site."""
    active: bool = True
    valid_from: date | None = None
    valid_until: date | None = None
    training_valid_until: date | Literal["never"] = date(2099, 12, 31)
    employer: str | None = None
    trade: str | None = None
    declared_h_ago: float | None = Field(default=None, ge=-1e5, le=1e5)
    """Declared to be healthy this many hours before the story begins."""
    slow: bool = False
    card: str | None = None
    """The number on the worker's card."""
    pin: str | None = None
    on_roster: bool = True
    """False: the gate has the face in its gallery, but the newest roster no longer has the worker."""
    portrait: str | None = None
    """For stories with real pictures: the enrolled photo, by its name in the demonstration's cast."""


class Story(StoryPart):
    title: str = Field(min_length=3, max_length=100)
    story: str = Field(min_length=10, max_length=400)
    """What happens, in a sentence or two, for a reader who knows the site and not the software."""
    starts: AwareDatetime = Field(
        default=datetime(2026, 3, 2, 7, 0, tzinfo=UTC),
        ge=datetime(1970, 1, 1, tzinfo=UTC),
        le=datetime(2200, 1, 1, tzinfo=UTC),
    )
    """By the wall clock; a Monday morning."""
    ends: float | None = Field(default=None, gt=0, le=3600)
    """Seconds; without it: one second after the last line."""
    rate_hz: float = Field(default=20, ge=2, le=60)
    """Frames per second."""
    lists: bool = True
    """False: HQ has never sent anything."""
    new_card: bool = False
    """True: this gate's memory begins with the story. False: it has been in use for long."""
    roster_age_h: float = Field(default=1, ge=-1e5, le=1e5)
    risk_age_h: float = Field(default=1, ge=-1e5, le=1e5)
    risk: dict[str, str] = Field(default={})
    """Worker id to the name of the risk list."""
    policy: dict[str, Any] = Field(default={})
    """Keys of HQ's policy that differ from the usual ones."""
    config: dict[str, Any] = Field(default={})
    """Sections and keys of the gate's configuration that differ from the usual ones."""
    worker: tuple[StoryWorker, ...] = ()
    timeline: tuple[Step, ...] = Field(min_length=1)
    expect: tuple[ExpectedLine, ...] = ()

    @model_validator(mode="after")
    def _of_one_piece(self) -> "Story":
        film = any(isinstance(step, WalksUpStep) for step in self.timeline)
        if film and any(isinstance(step, steps.PersonStep | steps.PeopleStep) for step in self.timeline):
            raise ValueError("walks_up (real pictures) and person or people (written) do not go together")
        if [s.at for s in self.timeline] != sorted(s.at for s in self.timeline):
            raise ValueError("the timeline is not in order of time")
        if len({worker.id for worker in self.worker}) < len(self.worker):
            raise ValueError("two workers have the same id")
        known = {worker.id for worker in self.worker} | {NOBODY, STRANGER}
        strangers = sorted({s.person for s in self.timeline if isinstance(s, PersonStep)} - known)
        if strangers:
            raise ValueError(f"there is no [[worker]] for {', '.join(strangers)}; known: {', '.join(sorted(known))}")
        return self

    @property
    def filmed(self) -> bool:
        """True if it needs real pictures, and so the weights and the photos."""
        return any(isinstance(step, WalksUpStep) for step in self.timeline)

    @property
    def ends_s(self) -> float:
        lines = [step.at for step in self.timeline] + [line.at or 0 for line in self.expect]
        return self.ends or max(lines) + TAIL_S

    def gate_config(self, state_dir: Path) -> Config:
        """Make the configuration that it is played with. Raises ConfigError."""
        return parse(_fitted(self.config) | {"paths": {"state_dir": str(state_dir)}})


def load_story(path: Path) -> Story:
    """Load the story in a file.

    Raises:
        StoryError: unreadable, not TOML, or any wrong key or value; all of them together, each with its line.
    """
    try:
        text = read_text(path)
        data = tomllib.loads(text)
    except OSError as error:
        raise StoryError(f"{path}: cannot be read ({error.strerror})") from error
    except NotUtf8 as error:
        raise StoryError(f"{path}: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise StoryError(f"{path}: is not valid TOML: {error}") from error
    timeline, problems = _lines(data.get("timeline", []), steps.KINDS, "step", "timeline", text)
    expected, more = _lines(data.get("expect", []), expect.KINDS, "expected line", "expect", text)
    problems += more + _config_problems(data) + _policy_problems(data)
    try:
        story = Story.model_validate(data | {"timeline": timeline or [Step(at=0)], "expect": expected})
    except ValidationError as error:
        problems = explain(error, Story) + problems
    if not problems and not timeline:
        problems.append("timeline: nothing happens in it")
    if problems:
        raise StoryError(f"{path}: {len(problems)} problem(s)\n" + "\n".join(f"  - {p}" for p in problems))
    return story


def _lines(
    raw: object, kinds: tuple[type[Any], ...], what: str, name: str, text: str
) -> tuple[list[StoryLine], list[str]]:
    if not isinstance(raw, list):
        return [], [f"{name} must be a list of lines: {name} = [ {{ at = 1.0, … }}, … ]"]
    found, problems = [], []
    numbers = line_numbers(text, name)
    for index, item in enumerate(raw):
        line, wrong = parse_line(item, kinds, what)
        where = f"line {numbers[index]}" if index < len(numbers) else f"{name} {index + 1}"
        problems += [f"{where}: {problem}" for problem in wrong]
        found += [line] if line is not None else []
    return found, problems


def line_numbers(text: str, name: str) -> list[int]:
    """Find the line where each member of the list `name` begins, as `[[name]]` or as `{`."""
    found, inside = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\[\[{name}\]\]", line):
            found.append(number)
        elif re.match(rf"{name}\s*=\s*\[", line):
            inside = True
            line = line.partition("[")[2]
        if inside and line.lstrip().startswith("{"):
            found.append(number)
        inside = inside and not line.startswith("]")
    return found


def _fitted(config: dict[str, Any]) -> dict[str, Any]:
    """Add the pins of every story to the configuration; `passage_pin = "none"` removes one."""
    gate = FITTED | config.get("gate", {})
    return config | {"gate": {key: value for key, value in gate.items() if value != "none"}}


def _config_problems(data: dict[str, Any]) -> list[str]:
    given = data.get("config", {})
    if not isinstance(given, dict):
        return []  # reported by the model
    try:
        parse(_fitted(given))
    except ConfigError as error:
        return [f"config.{problem}" for problem in error.problems]
    return []


def _policy_problems(data: dict[str, Any]) -> list[str]:
    """Check the policy's keys. HQ's messages ignore unknown keys; a story must not."""
    given = data.get("policy", {})
    if not isinstance(given, dict):
        return []
    known = [name for name in PolicySnapshot.model_fields if name not in ENVELOPE]
    strange = [unknown_key(f"policy.{key}", key, known) for key in given if key not in known]
    try:
        PolicySnapshot.model_validate({"site_id": "site-1", "issued_utc": datetime.now(UTC)} | given)
    except ValidationError as error:
        return strange + [f"policy.{problem}" for problem in explain(error, PolicySnapshot)]
    return strange
