"""Hold docstrings, comments, templates and texts to the rules of language in CONTRIBUTING.md: short sentences, plain
words.

language.py [--list] [FOLDER]

Names the places of each kind of which there are more than allowed; with --list all of them.
"""

import ast
import inspect
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
WORDS_MAX = 20
"""In one sentence of a docstring."""
ALLOWED = {"long sentence": 171, "word": 0}
"""How many places there may be. Lower it when there are fewer, never raise it."""
PLAIN_WORDS = {
    "anew": "again",
    "afresh": "again",
    "whoever": "a person who, each person who",
    "whatever": "any, what",
    "so long as": "while, if",
    "is told": "reported, logged, shown",
    "are told": "reported, logged, shown",
    "was told": "reported, logged, shown",
    "were told": "reported, logged, shown",
    "been told": "reported, logged, shown",
    "be told": "reported, logged, shown",
    "rubbish": "invalid data",
    "in one hand": "together",
    "lest": "so that ... not",
    "thereof": "of it",
    "nobody stands": "no frames are processed",
}
"""Word that is out -> what to write."""
WORD = re.compile(r"(?<![\w-])(" + "|".join(PLAIN_WORDS) + r")(?![\w-])", re.IGNORECASE)
FOLDERS = ("common", "contract", "district", "docs", "edge", "hq", "models", "scripts", "tests")
PAGES = (".html", ".toml")
NOT_OURS = ("language.py",)
"""This file names the words."""
_ENTRY = re.compile(r"^\s*(?:[-*] |\d+\. |[\w`*., ]{1,40}: |Raises:|Args:|Returns:)")


class Finding(NamedTuple):
    kind: str
    place: str
    said: str


def files(root: Path, *suffixes: str) -> list[Path]:
    """Our own files; a copy without git has them all the same."""
    found = (path for folder in FOLDERS for path in (root / folder).rglob("*"))
    return sorted(path for path in (*root.glob("*"), *found) if path.suffix in suffixes and path.name not in NOT_OURS)


def texts(source: str) -> Iterator[tuple[int, str, bool]]:
    """First line, text, whether it is a docstring: each docstring and comment of a Python file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, inspect.cleandoc(node.value.value), True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# "), False


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Line within the text, sentence. A list's entries, and what stands apart, are sentences of their own. An example
    of code is none: it is indented."""
    begun, words = 0, ""
    for number, line in enumerate([*text.splitlines(), ""]):
        if not words and line.startswith("    "):
            continue
        apart = not line.strip() or _ENTRY.match(line)
        if apart and words:
            yield from _split(begun, words)
            words = ""
        if not words:
            begun = number
        words = f"{words} {line.strip()}".strip()


def _split(line: int, text: str) -> Iterator[tuple[int, str]]:
    for sentence in re.split(r"(?<=[.!?])\)?\s+(?=[^a-z])", text):
        yield line, sentence


def length(sentence: str) -> int:
    """Words; what stands in backquotes is one."""
    return sum(bool(re.search(r"\w", word)) for word in re.sub(r"`[^`]*`", "code", sentence).split())


def in_python(name: str, source: str) -> Iterator[Finding]:
    for line, text, is_docstring in texts(source):
        for offset, row in enumerate(text.splitlines()):
            yield from _words(f"{name}:{line + offset}", row)
        if is_docstring:
            for offset, sentence in sentences(text):
                if length(sentence) > WORDS_MAX:
                    yield Finding("long sentence", f"{name}:{line + offset}", f"{length(sentence)} words: {sentence}")


def in_page(name: str, text: str) -> Iterator[Finding]:
    for number, row in enumerate(text.splitlines(), start=1):
        yield from _words(f"{name}:{number}", row)


def _words(place: str, row: str) -> Iterator[Finding]:
    for found in WORD.finditer(re.sub(r"`[^`]*`", "code", row)):
        yield Finding("word", place, f"{found[0]!r}: write {PLAIN_WORDS[found[0].lower()]}")


def findings(root: Path = ROOT) -> list[Finding]:
    places = [(path, path.relative_to(root).as_posix()) for path in files(root, ".py", *PAGES)]
    return [
        one
        for path, name in places
        for one in (in_python if path.suffix == ".py" else in_page)(name, path.read_text(encoding="utf-8"))
    ]


def main() -> None:
    found = findings(*(Path(word) for word in sys.argv[1:] if word != "--list"))
    counted = {kind: sum(one.kind == kind for one in found) for kind in ALLOWED}
    worse = [kind for kind, most in ALLOWED.items() if counted[kind] > most]
    for one in found:
        if one.kind in worse or "--list" in sys.argv:
            print(f"{one.place}: {one.said}")
    for kind, most in ALLOWED.items():
        print(f"{kind}: {counted[kind]}, at most {most}", file=sys.stderr)
    if worse:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
