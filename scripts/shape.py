"""Hold files and functions to the sizes of CONTRIBUTING.md: what is longer is named below, with its reason.

shape.py [FOLDER]       prints what is too long and not named, and what is named and no longer too long
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_MAX, FUNCTION_MAX = 300, 40
"""Lines. A function's docstring does not count."""
CODE = ("common", "contract", "edge", "hq", "scripts")
"""Tests may be longer: a suite of one port belongs together."""
EXCEPTIONS = {
    "hq/database/migrations/versions/0001_first.py:upgrade": "the tables as they were, in one list",
    "edge/commands/evaluate.py:evaluate": "its options are its help",
    "hq/commands/enroll.py:enroll": "its options are its help",
    "hq/commands/risk.py:add": "its options are its help",
    "hq/commands/imports.py:import_": "its options are its help",
    "hq/database/migrations/versions/0010_identity.py:_tables": "the tables as they were, in one list",
}
"""Path, or path:function -> why it reads better in one piece."""
NOT_YET = (
    "edge/matcher/pipeline.py",
    "edge/sync/parts.py:make",
    "edge/tools/evaluation/measurement.py:evaluate",
    "edge/commands/bench.py:bench",
    "edge/commands/enroll.py:enroll",
    "edge/commands/evaluate.py:_print",
    "edge/commands/policy.py:explain",
    "edge/commands/upright.py:upright",
)
"""What nobody has split yet. Take out what was split; put nothing in."""


def too_long(root: Path) -> Iterator[tuple[str, str]]:
    """What it is, and how long."""
    for path in sorted(file for folder in CODE for file in (root / folder).rglob("*.py")):
        name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        lines = len(text.splitlines())
        if lines > FILE_MAX:
            yield name, f"{lines} lines, at most {FILE_MAX}"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (lines := _lines(node)) > FUNCTION_MAX:
                yield f"{name}:{node.name}", f"{lines} lines, at most {FUNCTION_MAX}"


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    docstring = 0
    if ast.get_docstring(node, clean=False) is not None:
        docstring = (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
    return (node.end_lineno or 0) - node.lineno + 1 - docstring


def problems(root: Path, exceptions: set[str]) -> list[str]:
    found = dict(too_long(root))
    over = [f"{what}: {size}; split it, or name it in scripts/shape.py" for what, size in found.items()]
    over = [line for line, what in zip(over, found, strict=True) if what not in exceptions]
    return over + [
        f"{what}: no longer too long; remove it from scripts/shape.py" for what in exceptions if what not in found
    ]


def main() -> None:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    if found := problems(root, {*EXCEPTIONS, *NOT_YET}):
        raise SystemExit("\n".join(found))


if __name__ == "__main__":
    main()
