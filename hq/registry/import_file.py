"""Read the files of `sitegate-hq import`, and name every problem in them."""

import json
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from common.sheets.refusals import ImportRefused
from common.terminal.problems import ID, shown
from common.text_files import NotUtf8, read_text
from common.unknown_keys import model_in, unknown_keys
from contract.messages import EnrolmentRecord, PolicySnapshot, RiskEntry, Utc
from hq.database.clock import now
from hq.registry.credentials import WrittenWorker
from hq.registry.risk_record import RiskRecord

FORMATS = "sitegate-hq import reads .json, .toml, .csv and .xlsx files, by their endings; a TOML file: name it .toml"
OTHER_SHEETS = (".xls", ".xlsb", ".et", ".ods", ".numbers")
"""Endings of spreadsheets that no import reads."""
_EXAMPLES: dict[Any, str] = {
    date: "write 2026-01-05",
    datetime: "write 2026-01-05T06:30:00Z",
    time: "write 07:30:00",
}
_KINDS = (("datetime_", datetime), ("date_", date), ("time_", time), ("timezone_", datetime))


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

    What becomes of `workers` and `risk`, the mode decides (`hq.imports`). `enrolments` are readable records,
    `sealed_enrolments` the same sealed for HQ (base64).
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, extra="forbid", val_json_bytes="base64")

    workers: tuple[WrittenWorker, ...] = ()
    risk: tuple[RiskRecord, ...] | None = None
    policies: tuple[PolicyEntry, ...] = ()
    enrolments: tuple[EnrolmentRecord, ...] = ()
    sealed_enrolments: tuple[bytes, ...] = Field(default=())

    @field_validator("risk", mode="before")
    @classmethod
    def _with_what_hq_knows(cls, entries: Any) -> Any:
        """Take entries as gates get them, too."""
        if not isinstance(entries, list | tuple):
            return entries
        return [entry.model_dump() if isinstance(entry, RiskEntry) else entry for entry in entries]


def read_import(path: Path) -> ImportFile:
    """Read a JSON or TOML file, by its ending. Raises ImportRefused."""
    if path.suffix.lower() in OTHER_SHEETS and path.is_file():
        raise ImportRefused(f"{path}: save it as .xlsx or as CSV UTF-8; {FORMATS}")
    text = _json_text(path)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ImportRefused(f"{path} is no JSON: {error} ({FORMATS})") from error
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{path} cannot be read: {error}") from error
    problems = [*unknown_keys(ImportFile, data), *_numbers_as_times(ImportFile, data)]
    try:
        found = ImportFile.model_validate_json(text)
    except ValidationError as error:
        problems += [*_in_words(error), *_hidden_contradictions(error, data)]
    if problems:
        lines = "\n".join(f"  - {problem}" for problem in dict.fromkeys(problems))
        raise ImportRefused(f"{path}: {len(set(problems))} problem(s)\n{lines}")
    return found


def _json_text(path: Path) -> str:
    """Return the file as JSON. TOML goes through it, so that both formats follow one schema (dates, base64)."""
    try:
        text = read_text(path)
        return json.dumps(tomllib.loads(text), default=str) if path.suffix.lower() == ".toml" else text
    except OSError as error:
        raise ImportRefused(f"{path} cannot be read: {error.strerror}") from error
    except NotUtf8 as error:
        raise ImportRefused(f"{path} {error}") from error
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"{path} cannot be read: {error}") from error


def _numbers_as_times(model: type[BaseModel], data: Any, where: str = "") -> Iterator[str]:
    """Find numbers where a date or a time belongs: they would count as seconds since 1970."""
    for key, value in data.items() if isinstance(data, dict) else ():
        field = model.model_fields.get(key)
        place = f"{where}.{key}" if where else key
        if field is None:
            continue
        if isinstance(value, int | float) and (kind := _time_in(field.annotation)):
            yield f"{place}: {value!r} is a number: {_EXAMPLES[kind]}"
        elif (part := model_in(field.annotation)) is not None:
            many = isinstance(value, list)
            for number, item in enumerate(value if many else [value]):
                yield from _numbers_as_times(part, item, f"{place}.{number}" if many else place)


def _time_in(annotation: Any) -> type | None:
    """Return date, datetime or time if a value of this type is one; else None."""
    if annotation in _EXAMPLES:
        return annotation  # type: ignore[no-any-return]
    return next((found for part in get_args(annotation) if (found := _time_in(part)) is not None), None)


def _in_words(error: ValidationError, *where: str | int) -> Iterator[str]:
    for problem in error.errors():
        if problem["type"] == "extra_forbidden":  # `unknown_keys` names these with a suggestion
            continue
        place, given = ".".join(map(str, (*where, *problem["loc"]))), problem["input"]
        kind = next((kind for word, kind in _KINDS if problem["type"].startswith(word)), None)
        if kind is not None and isinstance(given, str):
            yield f"{place}: {shown(given)} is no {kind.__name__.replace('datetime', 'time')}: {_EXAMPLES[kind]}"
        elif kind is None and problem["type"] == "string_pattern_mismatch" and "A-Za-z0-9" in problem["msg"]:
            yield f"{place}: {shown(given)} is not an id: {ID}"
        elif kind is None:
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
