"""Names, numbers and code tables of people."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from id_numbers import id_number

from district.people import rules

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("name", "pinyin", "joined", "initials"),
    [
        ("张三", "zhang san", "zhangsan", "zs"),
        ("单雄信", "shan xiong xin", "shanxiongxin", "sxx"),
        ("尉迟恭", "yu chi gong", "yuchigong", "ycg"),
        ("吕布", "lv bu", "lvbu", "lb"),
        ("阿卜杜·热合曼", "a bo du re he man", "abodureheman", "abdrhm"),
        ("Łukasz Dvořák", "łukasz dvorak", "łukaszdvorak", "łd"),
    ],
)
def test_ok__a_name_is_sorted_and_found_by_its_letters(name: str, pinyin: str, joined: str, initials: str) -> None:
    assert rules.letters(name) == rules.Letters(pinyin, joined, initials)


def test_ok__a_name_is_cleaned_and_its_dot_is_one_sign() -> None:
    assert rules.checked_name("  阿卜杜•热合曼　 ") == "阿卜杜·热合曼"


@pytest.mark.parametrize("name", ["", "   ", "张\u202e三", "张\x00三", "12345", "a" * 81, "{{}}"])
def test_fail__a_name_without_letters_or_with_unseen_signs_is_refused(name: str) -> None:
    with pytest.raises(rules.WrongName):
        rules.checked_name(name)


@given(st.text(max_size=100))
def test_ok__any_text_is_a_name_or_refused_with_a_sentence(text: str) -> None:
    try:
        name = rules.checked_name(text)
    except rules.WrongName as wrong:
        assert str(wrong).endswith(".")
        return
    found = rules.letters(name)
    assert len(found.pinyin) <= 160
    assert len(found.initials) <= 40


def test_ok__a_resident_number_says_birth_sex_and_province() -> None:
    number = id_number(7, county="510104", birth="19880229", sex="f")
    facts = rules.id_facts("01", f" {number[:6]} {number[6:14]}-{number[14:].lower()} ", TODAY)
    assert facts == rules.IdFacts(number, date(1988, 2, 29), "f", "51")


def test_ok__full_width_digits_are_read() -> None:
    number = id_number(8)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in number)
    assert rules.id_facts("01", wide, TODAY).number == number


@given(st.integers(0, 499), st.integers(0, 17), st.integers(1, 9))
def test_fail__one_wrong_digit_is_always_noticed(order: int, place: int, more: int) -> None:
    number = id_number(order)
    digits = "0123456789X" if place == 17 else "0123456789"
    wrong = digits[(digits.index(number[place]) + more) % len(digits)]
    with pytest.raises(rules.WrongNumber) as refused:
        rules.id_facts("01", number[:place] + wrong + number[place + 1 :], TODAY)
    assert number not in str(refused.value)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("440605900101001", "15 digits"),
        ("44060519900101", "18 digits"),
        (id_number(1, birth="19900231"), "does not exist"),
        (id_number(1, birth="20120101"), "younger than 16"),
        (id_number(1, birth="18900101"), "older than 110"),
        ("٤٤٠٦٠٥١٩٩٠٠١٠١٠٠١١", "check digit|18 digits"),
        ("' OR 1=1 --", "18 digits"),
    ],
)
def test_fail__a_number_that_cannot_be_is_refused_with_its_reason(number: str, words: str) -> None:
    with pytest.raises(rules.WrongNumber, match=words):
        rules.id_facts("01", number, TODAY)


def test_ok__other_documents_have_their_own_patterns() -> None:
    assert rules.id_facts("08", "e 1234-5678", TODAY).number == "E12345678"
    assert rules.id_facts("10", "H12345678", TODAY).number == "H12345678"
    for kind, number in (("08", "x"), ("10", "12345678"), ("12", "AB"), ("99", "E12345678")):
        with pytest.raises(rules.WrongNumber):
            rules.id_facts(kind, number, TODAY)


def test_ok__phones_have_one_form() -> None:
    forms = {
        rules.phone_number(text)
        for text in ("13800138000", "138 0013 8000", "+86 138-0013-8000", "１３８００１３８０００")
    }
    assert forms == {"+8613800138000"}
    for text in ("", "abc", "12", "1" * 40):
        with pytest.raises(rules.WrongNumber):
            rules.phone_number(text)


def test_ok__trades_and_nations_are_read_from_what_clerks_write() -> None:
    assert [rules.trade_code(t) for t in ("钢筋工", "steel fixer", " 普工 ", "020", "电工", "瑜伽教练")] == [
        "020", "020", "390", "020", "130", None,
    ]  # fmt: skip
    assert [rules.nation_code(t) for t in ("汉", "汉族", "Uygur", "01", "火星")] == ["01", "01", "05", "01", None]
    assert len(rules.NATIONS) == 58


def test_ok__two_people_look_alike_only_with_the_same_birth() -> None:
    day = date(1990, 1, 1)
    assert rules.likeness(("zhangwei", day), ("zhangwie", day)).score == 0.75
    assert rules.likeness(("zhangxiaowei", day), ("zhangxiaowe", day)).worth_a_look
    assert not rules.likeness(("zhangwei", day), ("zhangwei", date(1990, 1, 2))).worth_a_look
    assert not rules.likeness(("zhangwei", None), ("zhangwei", None)).worth_a_look


def test_ok__a_number_shown_in_part_keeps_four_signs() -> None:
    assert rules.hidden(id_number(1)).startswith("…")
    assert len(rules.hidden(id_number(1))) == 5
    assert rules.hidden("12345") == "…"
