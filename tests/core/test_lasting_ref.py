"""Refs that say a state: the text on disk is the one of before, and what is none is kept apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.lasting_ref import LastingKind, LastingRef, newest, newest_is
from edge.storage.desk import _allowed_ref


class Refs:
    """Oldest first; found as the journal finds them."""

    def __init__(self, *refs: str) -> None:
        self._refs = refs

    def last_ref(self, *beginnings: str) -> str | None:
        return next((ref for ref in reversed(self._refs) if ref.startswith(beginnings)), None)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("fire-on:0123456789abcdef", LastingKind.FIRE_ON, "0123456789abcdef"),
        ("fire-done:1", LastingKind.FIRE_DONE, "1"),
        ("locked-down:1", LastingKind.LOCKED_DOWN, "1"),
        ("lock-down-over:1", LastingKind.LOCK_DOWN_OVER, "1"),
        ("disk-step:very_low:0123456789abcdef", LastingKind.DISK_STEP, "very_low"),
        ("disk-step:very_low", LastingKind.DISK_STEP, "very_low"),
        ("disk-step:", LastingKind.DISK_STEP, ""),
        ("fire-on:a:b:c", LastingKind.FIRE_ON, "a"),
    ],
)
def test_ok__the_text_on_disk_comes_back_as_it_was(text: str, kind: LastingKind, value: str) -> None:
    found = LastingRef.parse(text)
    assert found is not None
    assert (found.kind, found.value, str(found)) == (kind, value, text)


@given(st.sampled_from(LastingKind), st.text())
def test_ok__whatever_follows_the_colon_is_kept(kind: LastingKind, rest: str) -> None:
    assert LastingRef.parse(f"{kind.value}:{rest}") == LastingRef(kind, rest)
    assert str(LastingRef(kind, rest)) == f"{kind.value}:{rest}"


def test_ok__a_new_ref_has_the_form_of_before_and_is_used_once() -> None:
    made = {str(LastingRef.new(LastingKind.FIRE_ON)) for _ in range(100)}
    assert len(made) == 100
    assert all(text.startswith("fire-on:") and len(text) == len("fire-on:") + 16 for text in made)
    kind, value, unique = str(LastingRef.new(LastingKind.DISK_STEP, "low")).split(":")
    assert (kind, value, len(unique)) == ("disk-step", "low", 16)


@pytest.mark.parametrize(
    "text", ["", ":", "fire-on", "fire-on-1", "FIRE-ON:1", " fire-on:1", "command-1", "code-00", "admit-00", "on:1"]
)
def test_fail__another_ref_says_no_state(text: str) -> None:
    assert LastingRef.parse(text) is None


def test_fail__no_request_of_the_desk_can_say_a_state() -> None:
    for kind in LastingKind:
        assert LastingRef.parse(_allowed_ref(f"{kind.value}:1")) is None


def test_ok__the_newest_of_two_counts() -> None:
    on, over = LastingKind.LOCKED_DOWN, LastingKind.LOCK_DOWN_OVER
    assert newest(Refs("command-1"), on, over) is None
    assert not newest_is(Refs("command-1"), on, ended_by=over)
    assert newest_is(Refs("lock-down-over:1", "locked-down:2", "command-1"), on, ended_by=over)
    assert not newest_is(Refs("locked-down:1", "lock-down-over:2"), on, ended_by=over)
    assert newest(Refs("locked-down:1", "lock-down-over:2"), on) == LastingRef(on, "1")
