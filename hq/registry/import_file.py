"""Read the files of `sitegate-hq import`, and name every problem in them."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from common.unknown_keys import unknown_keys
from contract.messages import EnrolmentRecord, PolicySnapshot, RiskEntry, Utc
from hq.database.clock import now
from hq.registry.credentials import WrittenWorker


class ImportRefused(ValueError):
    """A file that cannot be imported. The text names every problem."""


class PolicyEntry(PolicySnapshot):
    """The rules of one site, as a person writes them. A missing rule keeps its default; HQ sets number and time."""

    issued_utc: Utc = Field(default_factory=now)

    @model_validator(mode="after")
    def _no_header(self) -> "PolicyEntry":
        if own := sorted(self.model_fields_set & {"version", "type", "list_version", "issued_utc"}):
            raise ValueError(f"{' and '.join(own)}: HQ sets this itself, leave it out")
        return self


class ImportFile(BaseModel):
    """What `sitegate-hq import` reads.

    `workers` are added or replaced by worker_id. `risk`, if given, replaces the whole list. `enrolments` are readable
    records, `sealed_enrolments` the same sealed for HQ (base64).
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid", val_json_bytes="base64")

    workers: tuple[WrittenWorker, ...] = ()
    risk: tuple[RiskEntry, ...] | None = None
    policies: tuple[PolicyEntry, ...] = ()
    enrolments: tuple[EnrolmentRecord, ...] = ()
    sealed_enrolments: tuple[bytes, ...] = Field(default=())


def read_import(path: Path) -> ImportFile:
    """Read a JSON or TOML file, by its ending. Raises ImportRefused."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".toml":
            # Through JSON, so that both formats follow one schema (dates, base64).
            text = json.dumps(tomllib.loads(text), default=str)
        data = json.loads(text)
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}") from error
    except json.JSONDecodeError as error:
        raise ImportRefused(f"{path} is no JSON: {error} (a TOML file: name it .toml)") from error
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{path} cannot be read: {error}") from error
    problems = list(unknown_keys(ImportFile, data))
    try:
        found = ImportFile.model_validate_json(text)
    except ValidationError as error:
        problems += [*_in_words(error), *_hidden_contradictions(error, data)]
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in dict.fromkeys(problems))
        raise ImportRefused(f"{path}: {len(set(problems))} problem(s)\n{lines}")
    return found


def _in_words(error: ValidationError, *where: str | int) -> Iterator[str]:
    for problem in error.errors():
        if problem["type"] != "extra_forbidden":  # `unknown_keys` names these with a suggestion
            place = ".".join(map(str, (*where, *problem["loc"])))
            for message in problem["msg"].removeprefix("Value error, ").split("; "):
                yield f"{place}: {message}"


def _hidden_contradictions(error: ValidationError, data: Any) -> Iterator[str]:
    """Find contradictions in policies that also have wrong values, which would otherwise show one correction later."""
    wrong: dict[int, set[str]] = {}
    for problem in error.errors():
        match problem["loc"]:
            case ("policies", int(number), str(key), *_):
                wrong.setdefault(number, set()).add(key)
    for number, keys in wrong.items():
        rest = {key: value for key, value in data["policies"][number].items() if key not in keys}
        try:
            PolicyEntry.model_validate_json(json.dumps(rest))
        except ValidationError as further:
            yield from _in_words(further, "policies", number)
