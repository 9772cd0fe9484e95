"""Shows every error of a command as one sentence and an exit code, never as a traceback."""

import json
import os
import sqlite3
import tomllib
from collections.abc import Callable
from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup

from common import tracebacks
from common.terminal.problems import problems as problems
from common.terminal.text import prepare_streams, visible

TRACEBACK = "SITEGATE_TRACEBACK"
"""If this environment variable is set, an error is shown with its traceback."""

Show = Callable[[str], None]
Describe = Callable[[Exception], str | None]
"""Returns the sentence for one of the program's own errors; None for others."""


def error_group(show: Show, describe: Describe = lambda error: None) -> type[TyperGroup]:
    """Return the class of the root command. It shows an error of any command by `show`; the exit code is 1."""

    class ErrorGroup(TyperGroup):
        def invoke(self, ctx: Any) -> Any:
            prepare_streams()
            try:
                return super().invoke(ctx)
            except (typer.Exit, typer.Abort, EOFError, BrokenPipeError):
                raise  # already shown, or the reader of our output is gone
            except Exception as error:
                if hasattr(error, "exit_code") or os.environ.get(TRACEBACK):
                    raise  # a wrong option: the command line itself says how it is used
                show(describe(error) or sentence(error))
                raise typer.Exit(1) from error

    return ErrorGroup


def sentence(error: Exception) -> str:
    """Return what is wrong, in one line. For an unexpected error, also where it happened."""
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
    """Return the innermost place outside libraries."""
    frames = tracebacks.report(error)[0]["frames"]
    return next((frame for frame in reversed(frames) if "site-packages" not in frame), "an unknown place")


def of_file(error: OSError) -> str:
    """Return which file it is, and what is wrong with it."""
    if error.filename is None or error.strerror is None:
        return _line(error) or type(error).__name__
    names = " and ".join(visible(os.fsdecode(n)) for n in (error.filename, error.filename2) if n is not None)
    return f"{names or 'a file without a name'} cannot be used: {error.strerror}"


def _line(error: object) -> str:
    return visible(" ".join(str(error).split()))
