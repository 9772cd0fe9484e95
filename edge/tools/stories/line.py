"""The base of all parts of a story, and how a wrong key or value is reported."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.unknown_keys import hint, keys_at, unknown_key
from edge.tools.stories.played_gate import PlayedGate

ENVELOPE = {"version", "type", "site_id", "list_version", "issued_utc", "worker_id", "templates"}
"""Keys of HQ's messages that a story must not set."""


class StoryError(ValueError):
    """A story that cannot be played. The message names every problem and its line."""


class StoryPart(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid")


class StoryLine(StoryPart):
    """One line of a story's `timeline` or `expect`. Its kind is named by its first own key: `{ at = 3, fire = ...
    }`."""

    @classmethod
    def kind(cls) -> str:
        return next(name for name in cls.__annotations__)


class Step(StoryLine):
    """Something that happens at a moment."""

    at: float = Field(ge=0, le=3600)
    """Seconds after the story's beginning."""

    def play(self, gate: PlayedGate) -> None:
        """Play this line. Raises StoryError if this gate has no such part."""
        raise StoryError(f"line {self.kind()!r} cannot be played by this version of sitegate")


def parse_line(raw: object, kinds: Iterable[type[StoryLine]], what: str) -> tuple[StoryLine | None, list[str]]:
    """Parse a line. Returns it as its kind, or everything that is wrong with it."""
    by_name = {kind.kind(): kind for kind in kinds}
    if not isinstance(raw, dict):
        return None, [f"is no {what}; write {{ at = 1.0, {next(iter(by_name))} = … }}"]
    named = [name for name in raw if name in by_name]
    if len(named) > 1:
        return None, [f"has two kinds ({' and '.join(named)}): write two lines"]
    if not named:
        strange = [name for name in raw if name not in ("at", "within_s")]
        return None, [f"no such {what}: {hint(strange[0] if strange else '', by_name)}"]
    kind = by_name[named[0]]
    try:
        return kind.model_validate(raw), []
    except ValidationError as error:
        return None, explain(error, kind)


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Describe a validation error, one line per problem."""
    lines = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(unknown_key(where, str(problem["loc"][-1]), keys_at(model, problem["loc"][:-1])))
        elif problem["type"] == "missing":
            lines.append(f"{where} is missing")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: {message}" if where else message)
    return lines


def known_keys(data: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Check a message's keys. HQ's messages ignore unknown keys; a story must not. Raises ValueError."""
    known = [name for name in model.model_fields if name not in ENVELOPE]
    if strange := [unknown_key(key, key, known) for key in data if key not in known]:
        raise ValueError("; ".join(strange))
    return data
