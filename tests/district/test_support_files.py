"""Files of support measures: each fault is one sentence that names its place."""

import pytest

from district.support.rules.reading import BYTES_MAX, read_measures
from district.support.rules.refusals import SupportFileRefused
from district.support.samples import sample_2020, sample_districts

GOOD = """
format = 1
title = { en = "t", zh = "t" }
[[facts]]
id = "coaches"
kind = "count"
question = { en = "q", zh = "q" }
[[facts]]
id = "small"
kind = "yes_no"
question = { en = "q", zh = "q" }
[[measures]]
id = "one"
help = "payment"
name = { en = "n", zh = "n" }
source = { text = "s", where = "w" }
amount = [{ fact = "coaches", yuan = 1000.50 }]
conditions = [{ id = "size", fact = "small", equals = true, says = { en = "small", zh = "小" } }]
until = 2020-03-31
not_stated = ["cap", "documents", "office", "starts", "apply"]
"""


def _faults(text: str) -> list[str]:
    with pytest.raises(SupportFileRefused) as caught:
        read_measures(text.encode())
    return [str(one) for one in caught.value.faults]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("format = 1", "format = 2", "format: write 1"),
        ("1000.50", "1000.505", "measures.1.amount.1.yuan cannot be '1000.505': write a number"),
        ("1000.50", "-1", "write a number without a sign"),
        ("1000.50", "nan", "write a number"),
        ("1000.50", "inf", "write a number"),
        ("1000.50", "true", "write a number"),
        ("1000.50", "0x" + "f" * 9000, "write a number"),
        ("1000.50", "9" * 5000, "The file is no TOML"),
        ("yuan = 1000.50", "percent = 5", "percent and times belong to a question for money"),
        ("yuan = 1000.50", "yuan = 1, times = 2", "exactly one of yuan, percent, times"),
        ('fact = "coaches"', 'fact = "buses"', "asks for buses, which is no question of this file"),
        ("equals = true", "at_least = true", "yes, no and choices have only equals"),
        ("equals = true", "equals = 1", "small: answer yes or no"),
        ("equals = true", "equals = [1]", "measures.1.conditions.1.equals cannot be '[1]'"),
        (", equals = true", "", "exactly one of at_least, at_most, equals"),
        ('id = "size"', 'id = "until"', "taken by the calculator"),
        ('"office", ', "", "one.office is missing: write it, or list it in not_stated"),
        ('"office"', '"office", "until"', "one.until is given and listed in not_stated"),
        ("2020-03-31", '"soon"', "measures.1.until cannot be 'soon': write a day"),
        ("until = ", "starts = 2020-04-01\nuntil = ", "the last day is before the first"),
        ('help = "payment"', 'help = "gift"', "measures.1.help cannot be 'gift': write one of"),
        ('help = "payment"\n', "", "measures.1.help is missing"),
        ('help = "payment"', 'help = "payment"\noffices = 1', "measures.1.offices is not known here"),
        ('id = "one"', 'id = "One"', "use small letters"),
        ('id = "small"', 'id = "coaches"', "facts: coaches stands there 2 times"),
        ('kind = "yes_no"', 'kind = "choice"', "small: a choice has choices"),
        ('text = "s"', 'text = "\\u0000"', "write one line of 1 to 500 characters"),
        ('text = "s"', 'text = ""', "write one line of 1 to 500 characters"),
        ("[[measures]]", "[[measures", "The file is no TOML"),
    ],
)
def test_fail__fault_is_one_sentence_with_its_place(old: str, new: str, said: str) -> None:
    """What is wrong, where, and what to write instead."""
    assert old in GOOD
    faults = _faults(GOOD.replace(old, new))
    assert any(said in one for one in faults), faults
    assert len(set(faults)) == len(faults)


def test_ok__good_file_is_read_with_the_questions_of_each_measure() -> None:
    """A measure keeps only what it asks itself."""
    (whole,) = read_measures(GOOD.encode())
    assert [one.id for one in whole.facts] == ["coaches", "small"]
    assert len(read_measures(sample_2020())) == 4
    assert len(read_measures(sample_districts())) == 2


def test_fail__several_faults_are_said_together() -> None:
    """Nobody corrects one fault to meet the next."""
    assert len(_faults(GOOD.replace('help = "payment"\n', "").replace("2020-03-31", "1"))) == 2


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = 1\n" * BYTES_MAX, b"a = " + b"[" * 100_000, b""])
def test_fail__file_that_is_none(content: bytes) -> None:
    """Any upload is refused with a sentence."""
    with pytest.raises(SupportFileRefused):
        read_measures(content)
