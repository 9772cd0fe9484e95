"""Every row of docs/CODE_FLOW.md names two functions that exist, and the first one mentions the second."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "CODE_FLOW.md"
ROW = re.compile(r"^\| `([\w.]+)\(\)` → `([\w.]+)\(\)` \| `([\w./]+)`(?: → `([\w./]+)`)? \| (\S.*) \|$", re.M)
ROWS = [match.groups() for match in ROW.finditer(PAGE.read_text(encoding="utf-8"))]


@cache
def _read(path: str) -> tuple[str, ast.Module]:
    text = (ROOT / path).read_text(encoding="utf-8")
    return text, ast.parse(text)


def _source(path: str, name: str) -> str:
    """Return the text of a function or method; "" if the file has none of that name."""
    text, module = _read(path)
    scope: ast.AST = module
    for part in name.split("."):
        found = [
            node
            for node in ast.iter_child_nodes(scope)
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == part
        ]
        if not found:
            return ""
        scope = found[0]
    return ast.get_source_segment(text, scope) or ""


def test_ok__every_row_was_read() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| call |")]
    assert len(ROWS) == len(rows) > 60


@pytest.mark.parametrize(("caller", "called", "file", "other", "why"), ROWS, ids=[f"{row[0]}-{row[1]}" for row in ROWS])
def test_ok__the_call_is_in_the_code(caller: str, called: str, file: str, other: str | None, why: str) -> None:
    body = _source(file, caller)
    assert body, f"{file} has no {caller}"
    assert _source(other or file, called), f"{other or file} has no {called}"
    assert called.split(".")[-1].lstrip("_") in body, f"{caller} does not mention {called}"
    assert why.endswith((".", "?"))
