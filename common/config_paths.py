"""Checks paths in a configuration file. No shell reads that file, so "~" and "$HOME" would be taken literally."""

import re
from pathlib import Path

_VARIABLE = re.compile(r"\$(\w+|\{\w+\})")


def path_problem(text: str) -> str | None:
    """Return why the path does not mean the same to every user; None if it does."""
    if text.startswith("~"):
        try:
            meant = f" (here: {Path(text).expanduser()})"
        except RuntimeError:  # a user that is not there
            meant = ""
        return f"{text!r}: ~ is another folder for each user that reads this file: write the whole path{meant}"
    if found := _VARIABLE.search(text):
        return f"{text!r}: {found[0]} is not replaced in this file: write the whole path"
    if "\0" in text:
        return "a path holds no zero byte"
    return None
