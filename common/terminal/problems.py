"""Says what is wrong with a value that a person wrote."""

from typing import Any

from pydantic import ValidationError

from common.terminal.text import visible

SHOWN_MAX = 60
ID = "an id has 1 to 64 letters (a-z), digits, dots, hyphens or underscores, and begins with a letter or digit"


def problems(error: ValidationError) -> str:
    """Return each wrong value with its name. Wrong ids are explained."""
    return "; ".join(problem(one) for one in error.errors(include_url=False, include_context=False))


def shown(value: object) -> str:
    """Return the given value in quotes, shortened."""
    text = visible(str(value))
    return f"'{text[:SHOWN_MAX]}{'…' if len(text) > SHOWN_MAX else ''}'"


def problem(one: Any) -> str:
    """Return one error of pydantic with the name of the value. `one`: of `ValidationError.errors`."""
    where, given = ".".join(map(str, one["loc"])), one.get("input")
    if one["type"] == "string_pattern_mismatch" and isinstance(given, str) and "A-Za-z0-9" in one["msg"]:
        return f"{where}: {shown(given)} is not an id: {ID}"
    if one["type"] == "string_too_long" and isinstance(given, str):
        return f"{where}: {len(given)} characters are too many ({one['msg'].partition('at most ')[2]})"
    message = visible(one["msg"].removeprefix("Value error, "))
    return f"{where}: {message}" if where else message
