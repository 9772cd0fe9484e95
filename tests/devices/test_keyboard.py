"""Key presses turned into entries."""

import pytest

from edge.devices.readers.keyboard import LENGTH_MAX, UNENDED_MAX, KeyCollector
from edge.sim import KeyEvent, press, typed

KEYPAD_7, LETTER_A, SHIFT, KEYPAD_ENTER = 71, 30, 42, 96
ROW_1, ROW_3, ROW_8, TAB, BACKSPACE, ALT, KEYPAD_0 = 2, 4, 9, 15, 14, 56, 82


def texts(*events: list[KeyEvent], timeout_s: float = 10, pause_s: float = 0) -> list[str]:
    keys, found = KeyCollector(timeout_s), []
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
    (entry,) = KeyCollector(10).take(typed("4711"), 1.0)
    assert "4711" not in repr(entry)


def with_key(held: int, *codes: int) -> list[KeyEvent]:
    """Keys pressed while another one is held."""
    return [KeyEvent(1, held, 1), *(event for code in codes for event in press(code)), KeyEvent(1, held, 0)]


def test_ok__hash_ends_an_entry_and_star_clears_it() -> None:
    assert texts(typed("4711", enter=False) + with_key(SHIFT, ROW_3) + press(28)) == ["4711"]
    assert texts(with_key(SHIFT, ROW_8) + typed("4711")) == ["4711"]
    assert texts(typed("99", enter=False) + with_key(SHIFT, ROW_8) + typed("4711")) == ["4711"]
    assert texts(typed("99", enter=False) + press(0x20A) + typed("4711", enter=False) + press(0x20B)) == ["4711"]


@pytest.mark.parametrize("clear", [1, 111, 83, 55, 355, 223])
def test_ok__clear_keys_clear_digits_and_rubbish(clear: int) -> None:
    assert texts(typed("99", enter=False) + press(LETTER_A) + press(clear) + typed("4711")) == ["4711"]


def test_ok__backspace_takes_one_key_back() -> None:
    assert texts(typed("4771", enter=False) + press(BACKSPACE) * 2 + typed("11")) == ["4711"]
    assert texts(typed("47", enter=False) + press(LETTER_A) + press(BACKSPACE) + typed("11")) == ["4711"]
    assert texts(press(BACKSPACE) + typed("1")) == ["1"]


@pytest.mark.parametrize("end", [TAB, KEYPAD_ENTER, 28, 352])
def test_ok__tab_and_both_enter_keys_end_an_entry(end: int) -> None:
    assert texts(typed("4711", enter=False) + press(end), typed("1")) == ["4711", "1"]


def test_fail__a_digit_with_shift_or_alt_is_no_digit() -> None:
    assert texts(typed("47", enter=False) + with_key(SHIFT, ROW_1) + press(28)) == [""]
    assert texts(with_key(ALT, KEYPAD_0, KEYPAD_0, KEYPAD_7) + press(28), typed("4711")) == ["", "4711"]


def test_fail__backspace_does_not_mend_an_endless_number() -> None:
    assert texts(typed("1" * (LENGTH_MAX + 5), enter=False) + press(BACKSPACE) * 10 + press(28), typed("2")) == [
        "",
        "2",
    ]


def test_fail__a_reader_that_never_ends_an_entry_is_known_until_it_does() -> None:
    keys, now_s = KeyCollector(10), 0.0
    for _ in range(UNENDED_MAX):
        assert not keys.never_sends_enter
        assert keys.take(typed("4711", enter=False), now_s) == []
        now_s += 11
        keys.expire(now_s)
    assert keys.never_sends_enter
    assert [entry.text for entry in keys.take(typed("4711"), now_s)] == ["4711"]
    assert not keys.never_sends_enter


def test_ok__keys_of_a_person_count_and_a_card_counts_as_one() -> None:
    keys = KeyCollector(10)
    for number, digit in enumerate("4711"):
        keys.take(typed(digit, enter=False), 100 + 0.2 * number)
    assert keys.pressed == 4
    for number, digit in enumerate("0012345678"):
        keys.take(typed(digit, enter=False), 110 + 0.008 * number)
    keys.take(typed("0012345678"), 120)
    assert keys.pressed == 6
