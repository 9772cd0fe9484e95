"""Volume by the hour: spans that pass midnight, the first that fits, and texts that are none."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge.core.config import IndicatorConfig
from edge.core.volume import volume_at, volume_span

NIGHT = [volume_span("22:00-06:00 30"), volume_span("12:00-13:00 0"), volume_span("20:00-24:00 60")]


@pytest.mark.parametrize(
    ("local", "percent"),
    [("21:59", 60), ("22:00", 30), ("05:59", 30), ("06:00", 100), ("12:30", 0), ("13:00", 100), ("19:59", 100)],
)
def test_ok__the_first_span_that_fits_counts(local: str, percent: int) -> None:
    assert volume_at(100, NIGHT, time.fromisoformat(local)) == percent


@given(st.times(), st.integers(0, 100))
def test_ok__a_whole_day_is_always_covered(local: time, percent: int) -> None:
    assert volume_at(100, [volume_span(f"00:00-24:00 {percent}")], local) == percent
    assert volume_at(100, [volume_span(f"08:00-08:00 {percent}")], local) == percent


@pytest.mark.parametrize("text", ["22-06 30", "25:00-06:00 30", "22:00-06:00", "22:00-06:00 130", "22:00-06:00 -1", ""])
def test_fail__a_span_that_is_none_is_an_error_of_the_configuration(text: str) -> None:
    with pytest.raises(ValidationError):
        IndicatorConfig(volume_by_hour=(text,))
