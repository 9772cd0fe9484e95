"""Names keep to the glossary of docs/ARCHITECTURE.md: one word, one meaning. `scripts/check` runs this too."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOUSES = ("common", "contract", "edge", "hq")
PAGE = ROOT / "docs" / "ARCHITECTURE.md"

REPLACED = {
    "warden": "watchdog",
    "cuts": "cut notes",
    "flutter": "chatter",
    "fold": "dequantise",
    "sitting": "guided capture",
    "covered": "occlusion",
    "looks": "observations",
    "look": "what it does: sample, search, measure",
    "streams": "drift alarm",
    "book": "journal writer",
    "board": "display",
    "errands": "desk requests",
    "evidence": "credentials",
    "judgement": "decider",
    "turnstile": "passage control",
    "guesses": "lockout",
    "doorkeeper": "sender check",
    "lookout": "isolated reader",
    "rescue": "salvage",
    "speaker": "message signer",
    "patience": "wait",
    "ledger": "journal",
    "told": "reported",
    "eightbit": "int8",
    "wholefile": "atomic write",
    "highwater": "high water",
    "scrub": "background check",
    "tally": "count, totals",
}
"""Words of earlier versions -> the word of the glossary. They are refused in names of files and classes."""

IN_FUNCTIONS = {"warden", "cuts", "flutter", "sitting", "errands", "judgement", "ledger", "rescue", "told"}
"""Of these also the ones that are refused in names of functions. Others are plain English there ("covered")."""

WIRE = {"hq/database/migrations/versions/0007_told.py"}
"""Files whose name is stored in databases: it stays."""

EXCEPTIONS: set[str] = set()
"""Names that still wait for their new one, as `file`, `file::Class` or `file::function`."""

SHARED: set[str] = set()
"""Public class names that still stand for two things."""


@cache
def _files() -> tuple[tuple[str, ast.Module], ...]:
    found = sorted(path for house in HOUSES for path in (ROOT / house).rglob("*.py"))
    return tuple((str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))) for path in found)


def _words(name: str) -> list[str]:
    """Split a name: "GateLoop" -> gate, loop; "_take_cuts" -> take, cuts."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def _replaced() -> Iterator[tuple[str, str]]:
    """Yield (where, word) of every name that holds a replaced word."""
    for file, tree in _files():
        names = [] if file in WIRE else [(file, Path(file).stem, set(REPLACED))]
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                names.append((f"{file}::{node.name}", node.name, set(REPLACED)))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                whole = {"look"} if node.name.strip("_") == "look" else set()
                names.append((f"{file}::{node.name}", node.name, IN_FUNCTIONS | whole))
        for where, name, refused in names:
            without = re.sub(r"look_?alikes?", "", name, flags=re.IGNORECASE)  # a word of the glossary
            yield from ((where, word) for word in _words(without) if word in refused)


def _classes() -> dict[str, set[str]]:
    """Return every public class at the top of a file, with the files that define it."""
    found: dict[str, set[str]] = defaultdict(set)
    for file, tree in _files():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].add(file)
    return found


def _glossary() -> list[tuple[str, str, str, str]]:
    part = PAGE.read_text(encoding="utf-8").partition("\n## Glossary\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    assert all(len(row) == 4 for row in rows)
    return [(row[0], row[1], row[2], row[3]) for row in rows if row[0] != "term"]


def test_ok__no_replaced_word_is_back() -> None:
    wrong = {where: REPLACED[word] for where, word in _replaced() if where not in EXCEPTIONS}
    assert not wrong, f"write the glossary's word (docs/ARCHITECTURE.md): {wrong}"


def test_ok__no_exception_is_left_over() -> None:
    assert {where for where, _ in _replaced()} >= EXCEPTIONS
    assert {name for name, where in _classes().items() if len(where) > 1} >= SHARED


def test_ok__no_class_name_means_two_things() -> None:
    ports = ("edge/core/ports/", "edge/screen/ports.py")
    for house in HOUSES:
        twice = {
            name: files
            for name, where in _classes().items()
            if len(files := {file for file in where if file.startswith(f"{house}/") and not file.startswith(ports)}) > 1
        }
        assert not set(twice) - SHARED, f"one name for two things: {twice}"


def test_ok__the_glossary_is_long_enough_and_in_both_languages() -> None:
    rows = _glossary()
    terms = [term for term, _, _, _ in rows]
    assert 60 <= len(rows) <= 120
    assert len(terms) == len(set(terms))
    assert all(re.search(r"[\u4e00-\u9fff]", chinese) for _, chinese, _, _ in rows)
    assert all(meaning.endswith(".") and len(meaning.split()) <= 20 for _, _, meaning, _ in rows)


def test_ok__what_the_glossary_names_is_in_the_code() -> None:
    known = _classes()
    for term, _, _, place in _glossary():
        path, _, name = place.partition(": ")
        if not path.startswith("["):
            file = path.strip("`")
            assert (ROOT / file).exists(), f"{term}: {file}"
            assert not name or file in known[name.strip("`")], f"{term}: {place}"


def test_ok__the_words_of_a_name_are_found() -> None:
    assert _words("GateLoop") == ["gate", "loop"]
    assert _words("_take_cuts") == ["take", "cuts"]
    assert _words("HQLink2") == ["hq", "link", "2"]
