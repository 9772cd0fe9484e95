"""PROMISE: the audit record says in words what was done, to what, and which fields."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

DISTRICT = Path(__file__).parents[2] / "district"
_WRITERS = {"record", "record_many", "followed", "_follow", "_record_grant"}
_COMPOSED = (
    *("add_entrance", "add_shift", "close_entrance", "remove_shift", "confirm_month", "object_month", "merge"),
    *("correction_approved", "correction_refused", "correction_taken_back", "read"),
    *("photo enrolled", "photo taken", "photo refused", "photo another"),
)


def _calls() -> Iterator[ast.Call]:
    for path in DISTRICT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) > 1 and _name(node.func) in _WRITERS:
                yield node


def _name(function: ast.expr) -> str:
    return str(getattr(function, "id", getattr(function, "attr", "")))


def _texts(node: ast.expr) -> set[str]:
    return {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


@pytest.mark.django_db
def test_ok__every_action_and_field_of_the_record_has_words() -> None:
    from district.accounts.audit_words import ACTIONS, DETAILS, FIELDS

    actions, fields, details = set(_COMPOSED), set[str](), set[str]()
    for call in _calls():
        if isinstance(call.args[1], ast.Constant | ast.IfExp):
            actions |= _texts(call.args[1])
        for keyword in call.keywords:
            if keyword.arg == "fields":
                fields |= _texts(keyword.value)
            if keyword.arg == "details" and isinstance(keyword.value, ast.Dict):
                details |= {text for key in keyword.value.keys if key for text in _texts(key)}
    assert len(actions) > 50
    assert not actions - ACTIONS.keys(), "write their words in district/accounts/audit_words.py"
    assert not fields - FIELDS.keys()
    assert not details - DETAILS.keys()


@pytest.mark.django_db
def test_ok__words_of_subjects_are_of_tables_that_exist() -> None:
    from django.apps import apps

    from district.accounts.audit_words import SUBJECTS

    known = {model._meta.label_lower for model in apps.get_models()}
    assert not SUBJECTS.keys() - known
