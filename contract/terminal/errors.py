"""Every error of a command is one sentence and an exit code, never a traceback."""

import json
import os
import sqlite3
import tomllib
from collections.abc import Callable
from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from contract import tracebacks
from contract.terminal.text import prepare_streams, visible

TRACEBACK = "SITEGATE_TRACEBACK"
"""Set, this environment variable shows an error with all that led to it."""
SHOWN_MAX = 60
ID = "an id has 1 to 64 letters (a-z), digits, dots, hyphens or underscores, and begins with a letter or digit"

Tell = Callable[[str], None]
Describe = Callable[[Exception], str | None]
"""What a program knows to say of its own errors; None of others."""


def telling_group(tell: Tell, describe: Describe = lambda error: None) -> type[TyperGroup]:
    """The root of a command: an error of any command below it is told by `tell`, and the exit code is 1."""

    class Telling(TyperGroup):
        def invoke(self, ctx: Any) -> Any:
            prepare_streams()
            try:
                return super().invoke(ctx)
            except (typer.Exit, typer.Abort, EOFError, BrokenPipeError):
                raise  # told already, or the reader of our output has gone
            except Exception as error:
                if hasattr(error, "exit_code") or os.environ.get(TRACEBACK):
                    raise  # a wrong option: the command line itself says how it is used
                tell(describe(error) or sentence(error))
                raise typer.Exit(1) from error

    return Telling


def sentence(error: Exception) -> str:
    """What is wrong, in one line. Where it is found out, if we did not foresee it."""
    if type(error).__module__.startswith(tracebacks.OWN) and str(error):
        return str(error)
    match error:
        case ValidationError():
            return f"{problems(error)} ({_place(error)})"
        case tomllib.TOMLDecodeError():
            return f"this is not valid TOML: {_line(error)}"
        case json.JSONDecodeError():
            return f"this is not valid JSON: {_line(error)}"
        case UnicodeDecodeError():
            return f"this is not text in UTF-8 (byte {error.start + 1} is {error.object[error.start]:#04x}): save it as UTF-8"
        case UnicodeEncodeError():
            wrong = visible(error.object[error.start : error.start + 1])
            return f"{wrong} cannot be written as {error.encoding}: this terminal or command line is not UTF-8"
        case sqlite3.Error():
            return f"the database refuses: {_line(error)}; check its owner, its folder and free space"
        case OSError():
            return of_file(error)
        case MemoryError():
            return "there is not enough memory for this"
        case ValueError() | RuntimeError() if str(error):
            return f"{tracebacks.message(error)} ({_place(error)})"
    kind, said = type(error).__name__, tracebacks.message(error)
    return f"an error in this program, please report it: {kind} {_line(said)} ({_place(error)})"


def _place(error: Exception) -> str:
    """The innermost place that is not a library's."""
    frames = tracebacks.told(error)[0]["frames"]
    return next((frame for frame in reversed(frames) if "site-packages" not in frame), "an unknown place")


def of_file(error: OSError) -> str:
    """Which file, and what is wrong with it."""
    if error.filename is None or error.strerror is None:
        return _line(error) or type(error).__name__
    names = " and ".join(visible(os.fsdecode(n)) for n in (error.filename, error.filename2) if n is not None)
    return f"{names or 'a file without a name'} cannot be used: {error.strerror}"


def problems(error: ValidationError) -> str:
    """Each wrong value by its name; ids are explained."""
    return "; ".join(_problem(one) for one in error.errors(include_url=False, include_context=False))


def shown(value: object) -> str:
    """What was given, in quotes, not too much of it."""
    text = visible(str(value))
    return f"'{text[:SHOWN_MAX]}{'…' if len(text) > SHOWN_MAX else ''}'"


def _problem(one: Any) -> str:
    where, given = ".".join(map(str, one["loc"])), one.get("input")
    if one["type"] == "string_pattern_mismatch" and isinstance(given, str) and "A-Za-z0-9" in one["msg"]:
        return f"{where}: {shown(given)} is no id: {ID}"
    if one["type"] == "string_too_long" and isinstance(given, str):
        return f"{where}: {len(given)} characters are too many ({one['msg'].partition('at most ')[2]})"
    message = visible(one["msg"].removeprefix("Value error, "))
    return f"{where}: {message}" if where else message


def _line(error: object) -> str:
    return visible(" ".join(str(error).split()))
