"""Names that people wrote at two places: which ones match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.names import matched


@pytest.mark.parametrize(
    "one, other",
    [
        ("Violence ", "violence"),
        ("中建三局　一公司", "中建三局 一公司"),
        ("ＡＢＣ（北京）", "abc(北京)"),
        ("north\u00a0 build", "North Build"),
        ("STRASSE", "straße"),
        ("\ufeffcrane-co", "crane-co\u200b"),
    ],
)
def test_ok__the_same_name(one: str, other: str) -> None:
    assert matched(one) == matched(other)


@pytest.mark.parametrize("one, other", [("north-build", "north build"), ("crane", "cranes"), ("电工", "焊工")])
def test_fail__another_name(one: str, other: str) -> None:
    assert matched(one) != matched(other)


@given(st.text(max_size=40))
def test_ok__a_matched_name_matches_itself(text: str) -> None:
    assert matched(f"\t{matched(text)} ") == matched(text)
