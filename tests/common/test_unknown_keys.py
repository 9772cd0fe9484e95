"""Misspelt keys in a file that a person wrote, at any depth."""

import pytest
from pydantic import BaseModel

from common.unknown_keys import hint, keys_at, nearest, unknown_keys


class Leaf(BaseModel):
    pulse_ms: int = 0


class Tree(BaseModel):
    gate: Leaf = Leaf()
    spare: Leaf | None = None
    many: tuple[Leaf, ...] = ()


def test_ok__the_nearest_word_is_offered_or_all_that_are_known() -> None:
    assert nearest("gat", ["gate", "spare"]) == "gate"
    assert nearest("zzz", ["gate"]) is None
    assert hint("gat", ["gate", "spare"]) == "did you mean 'gate'?"
    assert hint("zzz", ["gate", "spare"]) == "known: gate, spare"


def test_fail__every_unknown_key_is_found_however_deep() -> None:
    data = {"gate": {"puls_ms": 1}, "spare": {"pulse_ms": 1}, "many": [{}, {"pulse": 2}], "gatee": 1}
    assert list(unknown_keys(Tree, data)) == [
        "gate.puls_ms: unknown key; did you mean 'pulse_ms'?",
        "many.1.pulse: unknown key; did you mean 'pulse_ms'?",
        "gatee: unknown key; did you mean 'gate'?",
    ]


@pytest.mark.parametrize("data", [None, 1, [], {"gate": 1}, {"many": {"pulse_ms": 1}}, {"spare": None}])
def test_ok__what_has_another_form_is_left_to_the_validation(data: object) -> None:
    assert list(unknown_keys(Tree, data)) == []


def test_ok__the_keys_of_a_place() -> None:
    assert keys_at(Tree, ()) == ["gate", "spare", "many"]
    assert keys_at(Tree, ("many", 3)) == keys_at(Tree, ("spare",)) == ["pulse_ms"]
    assert keys_at(Tree, ("gate", "pulse_ms")) == []
