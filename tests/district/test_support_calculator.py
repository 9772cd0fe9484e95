"""The calculator of support: exact amounts, reasons for each refusal, and no answer that takes a yes back."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from district.support.rules.answers import Answer, read_answers, stored_answers
from district.support.rules.calculator import BuiltInCondition, SupportVerdict, assess
from district.support.rules.clauses import ClausePoint, CompleteClause
from district.support.rules.reading import checked_measures, read_measures
from district.support.samples import sample_2020

TODAY = date(2020, 2, 17)
SAMPLE = {one.clause.id: one for one in read_measures(sample_2020())}
WORDS = {"en": "text", "zh": "文字"}
FACTS: dict[str, dict[str, Any]] = {
    "people": {"kind": "count"},
    "coaches": {"kind": "count"},
    "rent": {"kind": "money"},
    "cost": {"kind": "money"},
    "small": {"kind": "yes_no"},
    "since": {"kind": "day"},
    "trade": {"kind": "choice", "choices": {"build": WORDS, "trade": WORDS}},
}
_counts = st.integers(0, 5000).map(Decimal)
_money = st.decimals(0, 10**9, places=2)
_days = st.dates(date(2019, 1, 1), date(2021, 1, 1))
VALUES: dict[str, st.SearchStrategy[Answer]] = {
    "people": _counts,
    "coaches": _counts,
    "rent": _money,
    "cost": _money,
    "small": st.booleans(),
    "since": _days,
    "trade": st.sampled_from(["build", "trade"]),
}


def _conditions() -> st.SearchStrategy[dict[str, Any]]:
    compared = st.sampled_from(["people", "coaches", "rent", "cost", "since"]).flatmap(
        lambda fact: st.tuples(st.just(fact), st.sampled_from(["at_least", "at_most", "equals"]), VALUES[fact])
    )
    equal = st.sampled_from(["small", "trade"]).flatmap(
        lambda fact: st.tuples(st.just(fact), st.just("equals"), VALUES[fact])
    )
    return st.one_of(compared, equal).map(lambda one: {"fact": one[0], one[1]: one[2]})


def _parts() -> st.SearchStrategy[dict[str, Any]]:
    factor = st.decimals("0.0001", 300, places=4)
    scale = st.one_of(
        st.tuples(st.sampled_from(["people", "coaches", None]), st.just("yuan"), _money),
        st.tuples(st.sampled_from(["rent", "cost"]), st.sampled_from(["percent", "times"]), factor),
    )
    return st.tuples(scale, st.none() | _money).map(
        lambda one: {"fact": one[0][0], one[0][1]: one[0][2], "cap": one[1]}
    )


@st.composite
def _measures(draw: st.DrawFn) -> CompleteClause:
    conditions = draw(st.lists(_conditions(), max_size=4))
    clause: dict[str, Any] = {
        "id": "one",
        "name": WORDS,
        "help": "payment",
        "source": {"text": "text", "where": "here"},
        "amount": draw(st.lists(_parts(), min_size=1, max_size=3)),
        "conditions": [one | {"id": f"c{number}", "says": WORDS} for number, one in enumerate(conditions)],
        "cap": draw(st.none() | _money),
        "starts": draw(st.none() | st.just(TODAY) | st.just(TODAY + timedelta(days=1))),
        "until": draw(st.none() | st.just(TODAY + timedelta(days=1))),
    }
    clause["not_stated"] = [point for point in ClausePoint if clause.get(point) in (None, [])]
    facts = [{"id": key, "question": WORDS} | said for key, said in FACTS.items()]
    return checked_measures({"format": 1, "title": WORDS, "facts": facts, "measures": [clause]})[0]


_answers = st.fixed_dictionaries({}, optional=VALUES)


@settings(max_examples=50)
@given(_measures(), _answers)
def test_ok__amount_is_never_above_a_cap_nor_negative(whole: CompleteClause, answers: dict[str, Answer]) -> None:
    """The cap of the measure holds, and the sum of its parts' caps. A yes is more than nothing."""
    found = assess(whole, answers, TODAY)
    assert (found.amount is not None) == (found.verdict is SupportVerdict.YES)
    if found.amount is None:
        return
    assert found.amount > 0
    assert found.amount == found.amount.quantize(Decimal("0.01"))
    assert whole.clause.cap is None or found.amount <= whole.clause.cap
    caps = [one.cap for one in whole.clause.amount]
    assert None in caps or found.amount <= sum(filter(None, caps))


@settings(max_examples=50)
@given(_measures(), _answers, st.fixed_dictionaries(VALUES))
def test_ok__more_answers_keep_what_was_settled(
    whole: CompleteClause, answers: dict[str, Answer], everything: dict[str, Answer]
) -> None:
    """Further answers change no yes and no no. Full answers leave nothing missing."""
    before = assess(whole, answers, TODAY)
    after = assess(whole, everything | answers, TODAY)
    assert after.verdict is not SupportVerdict.MISSING
    assert not after.missing
    if before.verdict is SupportVerdict.NO:
        assert after.verdict is SupportVerdict.NO
        assert {one.id for one in before.failed} <= {one.id for one in after.failed}
    if before.verdict is SupportVerdict.YES:
        assert (after.verdict, after.amount) == (before.verdict, before.amount)


@settings(max_examples=50)
@given(_measures(), _answers)
def test_ok__every_refusal_names_its_condition(whole: CompleteClause, answers: dict[str, Answer]) -> None:
    """A no names conditions of the file with their words, or built-in ones; a missing answer is a question."""
    found = assess(whole, answers, TODAY)
    assert (found.verdict is SupportVerdict.NO) == bool(found.failed)
    assert found.verdict is not SupportVerdict.MISSING or found.missing
    own = {one.id: one.says for one in whole.clause.conditions}
    for one in found.failed:
        assert one.says == own[one.id] if one.id in own else one.id in list(BuiltInCondition)
    assert set(found.missing) <= {one.id for one in whole.facts} - answers.keys()


@settings(max_examples=50)
@given(_measures(), _answers)
def test_ok__what_is_stored_calculates_the_same(whole: CompleteClause, answers: dict[str, Answer]) -> None:
    """Measure and answers come back from JSON with the same result."""
    again = CompleteClause.model_validate_json(whole.model_dump_json())
    back = read_answers(again, stored_answers(answers))
    assert back == {key: value for key, value in answers.items() if key in {one.id for one in whole.facts}}
    assert assess(again, back, TODAY) == assess(whole, answers, TODAY)


@pytest.mark.parametrize(
    ("measure", "answers", "amount", "capped"),
    [
        ("coaches", {"coaches_in_province": 3, "coaches_out_of_province": 2}, "7000.00", False),
        ("rent", {"monthly_rent": "12345.67"}, "24691.34", False),
        ("protective_goods", {"protective_equipment": "99.99"}, "4.99", False),
        ("loan", {"loan_wanted": 5_000_000}, "5000000.00", False),
        ("loan", {"loan_wanted": "5000000.01"}, "5000000.00", True),
    ],
)
def test_ok__sample_measures_give_what_their_source_says(
    measure: str, answers: dict[str, object], amount: str, capped: bool
) -> None:
    """Cents are cut off, so that no promise is larger than the source."""
    whole = SAMPLE[measure]
    found = assess(whole, read_answers(whole, answers), TODAY)
    assert (found.verdict, found.amount, found.capped) == (SupportVerdict.YES, Decimal(amount), capped)


def test_ok__sample_says_its_source_and_what_is_open() -> None:
    """No sample measure has a condition, office or date: the sources state none, and each result says so."""
    assert set(SAMPLE) == {"coaches", "rent", "protective_goods", "loan"}
    for key, whole in SAMPLE.items():
        found = assess(whole, {}, TODAY)
        assert found.measure == key
        assert whole.clause.source.text
        assert found.verdict is SupportVerdict.MISSING
        assert {"conditions", "documents", "office", "starts", "until", "apply"} <= set(found.not_stated)


def test_ok__a_known_part_that_reaches_the_cap_settles_the_amount() -> None:
    """The other part is not asked for: it changes nothing."""
    said = SAMPLE["coaches"].model_dump(mode="json")
    said["clause"] |= {"cap": "2000"}
    whole = CompleteClause.model_validate(said)
    found = assess(whole, {"coaches_out_of_province": Decimal(1)}, TODAY)
    assert (found.verdict, found.amount, found.capped, found.missing) == (SupportVerdict.YES, 2000, False, ())
