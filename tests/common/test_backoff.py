"""Pauses between tries double, and begin again after a success."""

import math

from hypothesis import given
from hypothesis import strategies as st

from common.backoff import Backoff, doubled_s


def test_ok__pauses_double_up_to_their_limit_and_begin_again() -> None:
    backoff = Backoff(0.5, 3)
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1, 2, 3, 3]
    assert backoff.failures == 5
    backoff.reset()
    assert (backoff.failures, backoff.next_s(), backoff.failures) == (0, 0.5, 1)


@given(st.floats(0, 1e6), st.floats(-2, 1e9), st.floats(0, 1e9))
def test_ok__no_number_of_doublings_leaves_the_limit(pause_s: float, times: float, max_s: float) -> None:
    found = doubled_s(pause_s, times, max_s)
    assert math.isfinite(found) and 0 <= found <= max_s
