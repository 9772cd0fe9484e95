"""Print the answers of a check, so that a path or a command in them can be copied. No word is ever cut."""

import textwrap
from collections.abc import Iterable

from rich.cells import cell_len

from common.check_result import CheckResult, CheckState
from common.terminal.console import Console, styled

MARKS = {CheckState.OK: ("✔", "green"), CheckState.WARNING: ("!", "yellow"), CheckState.PROBLEM: ("✘", "bold red")}
"""A sign for each state, beside its colour."""
WIDTH_MIN = 30
"""A narrower terminal wraps by itself."""


def print_findings(out: Console, findings: Iterable[CheckResult]) -> None:
    """Print one block for each finding: sign, subject, what was found; below it what to do.

    Lines end between words. A word longer than a line is printed whole, and the terminal wraps it.
    """
    found = list(findings)
    width = max((cell_len(one.what) for one in found), default=0)
    for one in found:
        mark, colour = MARKS[one.state]
        colour = MARKS[CheckState.PROBLEM][1] if one.grave else colour
        plain = one.state is CheckState.OK and not one.grave
        first, *more = _wrapped(one.detail, out.width - width - 4)
        subject = one.what + " " * (width - cell_len(one.what))
        out.print(styled((mark, colour), f" {subject}  ", (first, "" if plain else colour)), soft_wrap=True)
        for line in more:
            out.print(styled(" " * (width + 4), (line, "" if plain else colour)), soft_wrap=True)
        for number, line in enumerate(_wrapped(one.todo, out.width - width - 6) if one.todo else ()):
            out.print(styled(" " * (width + 4), "  " if number else "→ ", line), soft_wrap=True)


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text between its words."""
    return textwrap.wrap(text, max(width, WIDTH_MIN), break_long_words=False, break_on_hyphens=False) or [""]
