"""Key presses turned into entries."""

from edge.readers.keys import LENGTH_MAX, Keys
from edge.sim import KeyEvent, press, typed

KEYPAD_7, LETTER_A, SHIFT, KEYPAD_ENTER = 71, 30, 42, 96


def texts(*events: list[KeyEvent], timeout_s: float = 10, pause_s: float = 0) -> list[str]:
    keys, found = Keys(timeout_s), []
    for number, some in enumerate(events):
        found += [entry.text for entry in keys.take(some, 100 + number * pause_s)]
    return found


def test_ok__digits_and_enter_are_an_entry() -> None:
    assert texts(typed("0012345678"), typed("4711")) == ["0012345678", "4711"]


def test_ok__entries_may_come_in_pieces_and_several_at_once() -> None:
    assert texts(typed("12", enter=False), typed("34") + typed("5")) == ["1234", "5"]


def test_ok__keypad_modifiers_and_key_repeat() -> None:
    repeat = [KeyEvent(1, 3, 2)] * 5
    assert texts(press(SHIFT) + press(KEYPAD_7) + repeat + press(KEYPAD_ENTER)) == ["7"]


def test_ok__an_empty_enter_is_nothing() -> None:
    assert texts(typed(""), typed("1")) == ["1"]


def test_fail__letters_spoil_the_entry_and_not_the_next() -> None:
    assert texts(typed("12", enter=False) + press(LETTER_A) + typed("34"), typed("56")) == ["", "56"]


def test_fail__digits_left_standing_are_forgotten() -> None:
    assert texts(typed("99", enter=False), typed("12"), pause_s=11) == ["12"]


def test_fail__an_endless_number_is_spoilt() -> None:
    assert texts(typed("1" * LENGTH_MAX)) == ["1" * LENGTH_MAX]
    assert texts(typed("1" * (LENGTH_MAX + 1)), typed("2")) == ["", "2"]


def test_ok__an_entry_does_not_show_in_logs() -> None:
    (entry,) = Keys(10).take(typed("4711"), 1.0)
    assert "4711" not in repr(entry)
