"""`sitegate passage`: every transition of the gate as a table and a diagram, from the code that runs."""

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import typer

from edge.commands.common import EXIT_USAGE, example, fail, out
from edge.core.passage import TRANSITIONS, Action, PassageInput, PassageState

BEGIN = "<!-- passage: written by `sitegate passage --write docs/SAFETY.md` -->"
END = "<!-- passage: end -->"


def passage(
    write: Annotated[
        Path | None, typer.Option("--write", help="Replace the marked section of this page instead of printing.")
    ] = None,
) -> None:
    """Print the passage's table of transitions and its state diagram (Markdown, Mermaid)."""
    if write is None:
        out.print_text(section())
        return
    try:
        write.write_text(replaced(write.read_text(encoding="utf-8")), encoding="utf-8")
    except (OSError, ValueError) as error:
        raise fail(f"{write}: {error}", EXIT_USAGE) from error


def register(app: typer.Typer) -> None:
    app.command(epilog=example("sitegate passage", "sitegate passage --write docs/SAFETY.md"))(passage)


def section() -> str:
    """The text between the marks."""
    return f"```mermaid\n{diagram()}\n```\n\n{table()}"


def replaced(page: str) -> str:
    """The page with its marked section replaced. Raises: ValueError if the marks are missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"has no section between {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{section()}\n\n{END}{after}"


def table() -> str:
    """All transitions as a Markdown table; states that an input treats alike share a row."""
    alike: dict[tuple[PassageInput, PassageState | None, tuple[Action, ...]], list[PassageState]] = defaultdict(list)
    for (state, happened), (after, actions) in TRANSITIONS.items():
        alike[happened, None if after is state else after, actions].append(state)
    rows = ["| in state | happens | then in | and the gate |", "|---|---|---|---|"]
    for (happened, to, actions), states in sorted(alike.items(), key=_order):
        done = ", ".join(_words(action) for action in actions) or "-"
        rows.append(f"| {', '.join(map(_words, states))} | {_words(happened)} | {_words(to) if to else '='} | {done} |")
    return "\n".join(rows)


def diagram() -> str:
    """The transitions that change the state, as a Mermaid state diagram. An input that leads to the same state from
    everywhere is drawn once, from "any state"."""
    everywhere = {
        happened: to
        for happened in PassageInput
        for to in PassageState
        if all((s, happened) in TRANSITIONS and TRANSITIONS[s, happened][0] is to for s in PassageState if s is not to)
    }
    edges: dict[tuple[PassageState, PassageState], list[PassageInput]] = defaultdict(list)
    for (state, happened), (after, _) in TRANSITIONS.items():
        if after is not state and happened not in everywhere:
            edges[state, after].append(happened)
    lines = ["stateDiagram-v2", f"    [*] --> {PassageState.LOCKED}", "    any: any state"]
    lines += [f"    {state}: {_words(state)}" for state in PassageState if "_" in state]
    lines += [f"    any --> {to}: {_words(happened)}" for happened, to in everywhere.items()]
    lines += [f"    {a} --> {b}: {', '.join(map(_words, inputs))}" for (a, b), inputs in edges.items()]
    return "\n".join(lines)


def _order(row: tuple[tuple[PassageInput, PassageState | None, tuple[Action, ...]], list[PassageState]]) -> int:
    return list(PassageInput).index(row[0][0])


def _words(name: PassageState | PassageInput | Action) -> str:
    return name.value.replace("_", " ")
