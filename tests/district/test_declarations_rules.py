"""What workers may answer, and that one trip has one number however it is written."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from district.declarations import rules
from district.people.rules import PROVINCES

TODAY = date(2026, 2, 17)
NOW = datetime(2026, 2, 17, 7, 0, tzinfo=UTC)
MODES = ("flight", "train", "coach", "ferry", "car")
few = settings(max_examples=50, deadline=None)
codes = st.builds(
    lambda province, rest: rules.area_code(province + rest),
    st.sampled_from(sorted(PROVINCES)),
    st.sampled_from(["", "01", "06", "0600", "0605", "0606", "0101"]),
)


@pytest.mark.parametrize(
    ("mode", "text", "number"),
    [
        ("train", " g 1234次", "G1234"),
        ("train", "Ｇ１２３４", "G1234"),
        ("train", "g-01234", "G1234"),
        ("train", "1462", "1462"),
        ("flight", "cz 3456", "CZ3456"),
        ("flight", "CSN3456", "CZ3456"),
        ("flight", "CZ0351航班", "CZ351"),
        ("flight", "3u8888", "3U8888"),
        ("car", "粤A·12345", "粤A12345"),
        ("coach", "", ""),
    ],
)
def test_ok__a_number_has_one_form(mode: str, text: str, number: str) -> None:
    assert rules.trip_number(mode, text) == number


@pytest.mark.parametrize(
    ("mode", "text"), [("train", "G12345"), ("train", "<b>"), ("flight", "12345"), ("car", "'--;")]
)
def test_fail__what_is_no_number(mode: str, text: str) -> None:
    with pytest.raises(rules.DeclarationRefused):
        rules.trip_number(mode, text)


@pytest.mark.parametrize(
    ("text", "found"), [("012f", "12F"), ("12排F座", "12F"), ("7号下铺", "7下"), ("无座", ""), ("7", "7")]
)
def test_ok__a_seat_has_one_form(text: str, found: str) -> None:
    assert rules.seat(text) == found


@few
@given(st.sampled_from(MODES), st.text(max_size=30))
def test_ok__any_text_has_one_form_or_is_refused_with_a_sentence(mode: str, text: str) -> None:
    """What a rule returns it returns again, and it fits its column."""
    for read, most in ((lambda one: rules.trip_number(mode, one), 20), (rules.seat, 6), (rules.carriage, 3)):
        try:
            found = read(text)
        except rules.DeclarationRefused as refused:
            assert str(refused).endswith(".")
            continue
        assert len(found) <= most
        assert read(found) == found


@few
@given(st.sampled_from("GDCZTK"), st.integers(1, 9999), st.sampled_from(["{}{}", "{} {}次", "{}-{}", " {}0{} "]))
def test_ok__all_ways_to_write_a_train_meet(letter: str, number: int, form: str) -> None:
    assert rules.trip_number("train", form.format(letter.lower(), number)) == f"{letter}{number}"


@few
@given(codes, codes, codes)
def test_ok__areas_contain_each_other_like_a_tree(one: str, two: str, three: str) -> None:
    """Containment is reflexive and transitive; two areas that contain each other are one."""
    assert rules.lies_in(one, one)
    if rules.lies_in(one, two) and rules.lies_in(two, three):
        assert rules.lies_in(one, three)
    if rules.lies_in(one, two) and rules.lies_in(two, one):
        assert one == two


@pytest.mark.parametrize("text", ["990101", "44060", "440005", "abc", "４４0605x"])
def test_fail__a_place_that_is_none(text: str) -> None:
    with pytest.raises(rules.DeclarationRefused):
        rules.area_code(text)


@pytest.mark.parametrize(
    ("text", "found"), [("36.6", "36.6"), ("３７，３℃", "37.3"), ("37.25", "37.3"), ("38度", "38.0")]
)
def test_ok__a_temperature_is_read(text: str, found: str) -> None:
    assert str(rules.degrees_of(text)) == found


@pytest.mark.parametrize("text", ["98.6", "3.66", "nan", "-37", "37.2.1", "٣٧"])
def test_fail__what_is_no_body_temperature(text: str) -> None:
    with pytest.raises(rules.DeclarationRefused):
        rules.degrees_of(text)


@few
@given(
    st.lists(st.sampled_from(sorted(rules.SYMPTOMS)), max_size=3),
    st.integers(340, 430),
    st.booleans(),
    st.lists(st.integers(-20, 10), max_size=4),
)
def test_ok__answers_are_checked_once_and_for_all(
    symptoms: list[str], tenths: int, contact: bool, days: list[int]
) -> None:
    """Checked answers pass again unchanged; days outside are refused; abnormal is exactly what the rules name."""
    asked = rules.Asked()
    trips = tuple(rules.DraftTrip("train", TODAY + timedelta(days=n), "g 1次", "0７车", "01a") for n in days)
    given_ = rules.Answers(tuple(symptoms), f"{tenths / 10:.1f}", contact, "4406", "", trips)
    try:
        found = rules.checked_answers(given_, asked, TODAY)
    except rules.DeclarationRefused:
        assert any(not -14 <= n <= 7 for n in days)
        return
    assert all(-14 <= n <= 7 for n in days)
    assert rules.checked_answers(found, asked, TODAY) == found
    assert len(found.trips) == len(set(days))
    assert bool(rules.abnormal_of(found, asked)) == (bool(symptoms) or tenths >= 373 or contact)
    later = TODAY + timedelta(days=10)
    again = rules.remembered_answers(found, asked, later)
    assert rules.checked_answers(again, asked, later) == again
    assert not again.symptoms
    assert not again.temperature


@few
@given(st.integers(-100, 30), st.integers(1, 72))
def test_ok__a_declaration_holds_from_when_it_was_made(minutes: int, hours: int) -> None:
    """A phone that was offline gains nothing, and a clock ahead gains nothing either."""
    claimed = NOW + timedelta(minutes=minutes)
    try:
        made = rules.declared_at(claimed, NOW)
    except rules.DeclarationRefused:
        assert minutes > 10
        return
    assert made <= NOW
    assert rules.counting([rules.GivenAt(made)], hours).counts == made
    assert rules.counting([rules.GivenAt(made, abnormal=True)], hours).counts is None


@few
@given(st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.booleans()), max_size=6, unique_by=lambda one: one[0]))
def test_ok__an_abnormal_declaration_is_not_answered_away(rows: list[tuple[int, bool, bool]]) -> None:
    """What holds was answered well, and no abnormal answer of the hours before it stands without a witness."""
    given_ = [rules.GivenAt(NOW + timedelta(hours=n), bad, seen) for n, bad, seen in rows]
    counts = rules.counting(given_, 24).counts
    if counts is None:
        assert not given_ or any(one.abnormal for one in given_)
        return
    made = next(one for one in given_ if one.declared == counts)
    assert not made.abnormal
    assert not any(one.abnormal and one.declared > made.declared for one in given_)
    witness = max((one.declared for one in given_ if one.witnessed and not one.abnormal), default=NOW)
    bad = max((one.declared for one in given_ if one.abnormal), default=None)
    if bad is not None and bad > witness:
        assert made.declared >= bad + timedelta(hours=24)


@few
@given(st.lists(st.integers(0, 23), max_size=6), st.integers(0, 23))
def test_ok__another_temperature_never_makes_more_due(hours: list[int], more: int) -> None:
    """The order does not count, and two that lie apart are enough."""
    taken = [NOW.replace(hour=hour) for hour in hours]
    due = rules.readings_due(taken, "180", {"180"})
    assert due == rules.readings_due(reversed(taken), "180", {"180"})
    assert due >= rules.readings_due([*taken, NOW.replace(hour=more)], "180", {"180"})
    assert (due == 0) == (bool(hours) and max(hours) - min(hours) >= 4)
    assert rules.readings_due(taken, "390", {"180"}) == 0
