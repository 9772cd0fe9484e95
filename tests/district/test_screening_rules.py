"""Key lists: normal forms, candidates by name, places and days, and the steps of a hit."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from id_numbers import id_number
from rapidfuzz.distance import Levenshtein

from district.screening.rules import (
    CANDIDATES_MAX,
    HitState,
    KeyEntry,
    PlaceAndDays,
    PlaceMatch,
    ScreeningRefused,
    area_prefix,
    best_names,
    check_step,
    compare_places,
    end_of_hit,
    normal_entry,
    wider_areas,
)

DAY = date(2020, 2, 1)
_pair = st.sampled_from(["01", "02", "11"])
codes = st.one_of(
    st.tuples(st.sampled_from(["42", "44"]), _pair, _pair).map("".join),
    st.tuples(st.sampled_from(["42", "44"]), _pair).map(lambda two: "".join(two) + "00"),
    st.sampled_from(["420000", "440000"]),
)
days = st.integers(0, 9).map(lambda n: DAY + timedelta(days=n))
spans = st.tuples(codes, days, days).map(lambda s: PlaceAndDays(s[0], min(s[1:]), max(s[1:])))


def _counties(code: str) -> set[str]:
    """Name the counties of a code in a small country."""
    pairs = ["01", "02", "11"]
    every = {p + c + k for p in ("42", "44") for c in pairs for k in pairs}
    levels = [code[:2], code[2:4], code[4:]]
    return {one for one in every if all(level in {"00", one[2 * n : 2 * n + 2]} for n, level in enumerate(levels))}


@settings(max_examples=50)
@given(spans, spans)
def test_ok__places_and_days_agree_with_sets_of_counties(asked: PlaceAndDays, was: PlaceAndDays) -> None:
    together = {asked.first + timedelta(days=n) for n in range((asked.last - asked.first).days + 1)} & {
        was.first + timedelta(days=n) for n in range((was.last - was.first).days + 1)
    }
    wanted, named = _counties(asked.code), _counties(was.code)
    expected = PlaceMatch.NONE
    if together and wanted & named:
        expected = PlaceMatch.SURE if named <= wanted else PlaceMatch.POSSIBLE
    assert compare_places(asked, was) is expected


@settings(max_examples=50)
@given(codes)
def test_ok__wider_areas_contain_an_area(code: str) -> None:
    assert all(code.startswith(area_prefix(wide)) and wide != code for wide in wider_areas(code))
    assert len(wider_areas(code)) == len(area_prefix(code)) // 2 - 1


@pytest.mark.parametrize("code", ["", "44", "4406055", "44060x", "040605", "000000", "４４０６０５"])
def test_fail__an_area_without_six_digits(code: str) -> None:
    with pytest.raises(ScreeningRefused, match="six digits"):
        area_prefix(code)


def test_ok__a_declared_place_without_a_code_is_nowhere() -> None:
    assert compare_places(PlaceAndDays("420100", DAY, DAY), PlaceAndDays("", DAY, DAY)) is PlaceMatch.NONE


def test_ok__a_resident_number_says_birth_area_and_kind() -> None:
    number = id_number(1)
    found = normal_entry(KeyEntry(name=" 张 三 ", number=f"{number[:6]} {number[6:]}".lower(), phone="138 0013 8000"))
    assert (found.number, found.kind, found.area, found.province) == (number, "01", number[:6], number[:2])
    assert found.birth == datetime.strptime(number[6:14], "%Y%m%d").date()
    assert (found.joined, found.initials, found.phone) == ("zhangsan", "zs", "+8613800138000")


def test_ok__an_old_number_is_the_same_person() -> None:
    number = id_number(7)
    assert normal_entry(KeyEntry(number=number[:6] + number[8:17])).number == number


def test_ok__a_list_may_name_children() -> None:
    assert normal_entry(KeyEntry(name="小明", birth=date(2019, 1, 1))).birth == date(2019, 1, 1)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (KeyEntry(name="张三"), "names nobody"),
        (KeyEntry(birth=DAY, area="440605"), "names nobody"),
        (KeyEntry(number="440605198001011230", kind="01"), "mistyped"),
        (KeyEntry(number="440605198013011230"), "mistyped"),
        (KeyEntry(number="4406", kind="01"), "18 digits"),
        (KeyEntry(number="1" * 41), "too long"),
        (KeyEntry(number="E1234567", kind="99"), "unknown"),
        (KeyEntry(name="张三", area="44"), "six digits"),
        (KeyEntry(name="张\u202e三", birth=DAY), "cannot be seen"),
        (KeyEntry(phone="12"), "phone"),
    ],
)
def test_fail__a_row_that_cannot_be_compared(entry: KeyEntry, says: str) -> None:
    with pytest.raises(ScreeningRefused, match=says) as refused:
        normal_entry(entry)
    assert not entry.number or entry.number not in str(refused.value)


names = st.text(alphabet="ahngzi", max_size=9)


@settings(max_examples=50)
@given(names, st.lists(names, max_size=12))
def test_ok__candidates_are_the_likest_and_few(name: str, others: list[str]) -> None:
    found = best_names(name, others, 0.8)
    scores = [Levenshtein.normalized_similarity(name, other) if other else 0.0 for other in others]
    enough = sorted((score for score in scores if score >= 0.8 and name), reverse=True)
    assert [score for score, _ in found] == [round(score, 3) for score in enough[:CANDIDATES_MAX]]
    assert all(round(scores[index], 3) == score for score, index in found)


@pytest.mark.parametrize("old", list(HitState))
@pytest.mark.parametrize("new", list(HitState))
def test_ok__only_these_steps(old: HitState, new: HitState) -> None:
    allowed = {
        ("candidate", "in_force"), ("candidate", "dismissed"), ("dismissed", "in_force"), ("in_force", "lifted"),
        ("lifted", "in_force"), ("in_force", "over"), ("over", "in_force"),
    }  # fmt: skip
    if (old.value, new.value) in allowed:
        check_step(old, new)
    else:
        with pytest.raises(ScreeningRefused):
            check_step(old, new)


@settings(max_examples=50)
@given(days, days, st.integers(1, 30), st.none() | days)
def test_ok__a_hit_ends_with_whatever_ends_first(listed: date, measure: date, kept: int, wish: date | None) -> None:
    made = datetime(2020, 2, 1, 8, tzinfo=UTC)
    wished = datetime.combine(wish, made.timetz()) if wish else None
    end = end_of_hit(made, listed, measure, kept, UTC, wished)
    assert end <= made + timedelta(days=kept)
    assert end.date() <= min(listed, measure) + timedelta(days=1)
    assert wished is None or end <= wished
