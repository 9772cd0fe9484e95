"""PROMISE: what is wrong with a sheet is said in the reader's language."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext

import common.sheets
from district.imports.sentences import SENTENCES

FOLDER = Path(common.sheets.__file__).parent
ERRORS = ("BadCell", "ImportRefused", "Unreadable")


def raised() -> Iterator[str]:
    """Yield the sentences of all errors of common/sheets, as they are before their values are in them."""
    for path in FOLDER.glob("*.py"):
        module = importlib.import_module(f"common.sheets.{path.stem}")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                yield from _of_function(node, vars(module))


def _of_function(function: ast.FunctionDef, names: dict[str, object]) -> Iterator[str]:
    named = {
        target.id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
            said = node.args[0]
            said = named.get(said.id, said) if isinstance(said, ast.Name) else said
            text = eval(compile(ast.Expression(said), "sentence", "eval"), dict(names))
            yield f"%(file)s{text}" if node.func.id == "Unreadable" else text


def test_ok__every_sentence_of_a_sheet_has_its_chinese() -> None:
    found = set(raised())
    assert len(found) > 30
    assert found <= set(SENTENCES)
    with translation.override("zh-hans"):
        assert not [text for text in SENTENCES if gettext(text) == text]
