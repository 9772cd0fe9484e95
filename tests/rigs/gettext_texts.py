"""Find the texts that code and templates give to gettext, and those that a catalogue translates. No gettext tools."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.template import Engine
from django.utils.translation.template import templatize

CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
Text = tuple[str, str]
"""Context ("" for none) and English text."""


def texts_of_app(folder: Path, *, nested: bool = True) -> set[Text]:
    """Return the texts of an app's code and templates."""
    found: set[Text] = set()
    for path in folder.rglob("*.py") if nested else folder.glob("*.py"):
        if "migrations" not in path.parts:
            found |= set(_of_code(path))
    for path in folder.rglob("*.html") if nested else ():
        found |= set(_of_template(path))
    return found


def _of_code(path: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and (name := _name(node.func)) in CALLS and node.args:
            values = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if name.startswith("pgettext"):
                yield values[0], values[1]
            elif values and isinstance(node.args[0], ast.Constant):
                yield "", values[0]
            elif isinstance(node.args[0], ast.JoinedStr):
                raise AssertionError(f"{path}:{node.lineno}: gettext cannot find an f-string")


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _of_template(path: Path) -> Iterator[Text]:
    Engine.get_default()  # templatize reads the template's tags with Django's engine
    for line in templatize(path.read_text(), origin=str(path)).splitlines():
        for call in re.finditer(r"(?<![\w.])(_|gettext|ngettext|pgettext|npgettext)\((?=u?['\"])", line):
            strings = _strings(line[call.end() :])
            if call.group(1) in ("pgettext", "npgettext"):
                yield strings[0], strings[1]
            else:
                yield "", strings[0]


def _strings(text: str) -> list[str]:
    """Read the literals at the start of an argument list."""
    found, rest = [], text
    while match := re.match(r"\s*(?P<literal>u?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))\s*,?", rest):
        found.append(str(ast.literal_eval(match["literal"].removeprefix("u"))))
        rest = rest[match.end() :]
    return found


def catalogue(path: Path) -> dict[Text, str]:
    """Return what a .po file translates; a fuzzy text counts as not translated."""
    found: dict[Text, str] = {}
    for block in path.read_text().split("\n\n"):
        parts = {name: _joined(block, name) for name in ("msgctxt", "msgid", r"msgstr(?:\[0\])?")}
        fuzzy = re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE)
        if parts["msgid"]:
            found[parts["msgctxt"], parts["msgid"]] = "" if fuzzy else parts[r"msgstr(?:\[0\])?"]
    return found


def _joined(block: str, name: str) -> str:
    match = re.search(rf'^{name} ((?:"(?:.*)"\n?)+)', block, re.MULTILINE)
    return "".join(ast.literal_eval(line) for line in match[1].splitlines()) if match else ""
