"""k of n: one frame names nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.core.domain import Candidate, Sight
from edge.matcher.vote import EARLY_FRAMES, count_votes, early_result

A, B = "worker-a", "worker-b"


def vote(worker_id, score):
    return Candidate(worker_id, score)


def test_ok__known_once_enough_frames_agree():
    votes = [vote(A, 0.6), vote(A, 0.7), vote(A, 0.8)]
    assert count_votes(votes[:2], 0.5, needed=3, window=5).sight is Sight.LOOKING
    result = count_votes(votes, 0.5, needed=3, window=5)
    assert (result.sight, result.frames) == (Sight.KNOWN, 3)
    assert result.candidate.worker_id == A
    assert abs(result.candidate.score - 0.7) < 1e-9


def test_ok__a_poor_frame_between_good_ones_does_not_matter():
    votes = [vote(A, 0.6), vote(B, 0.3), vote(A, 0.6), vote(B, 0.2), vote(A, 0.6)]
    assert count_votes(votes, 0.5, needed=3, window=5).sight is Sight.KNOWN


def test_fail__one_very_high_score_names_nobody():
    votes = [vote(A, 0.99), *[vote(A, 0.4)] * 4]
    result = count_votes(votes, 0.5, needed=3, window=5)
    assert result.sight is Sight.UNKNOWN
    assert result.candidate == vote(A, 0.99)


def test_fail__frames_that_disagree_name_nobody():
    votes = [vote(A, 0.6), vote(B, 0.6), vote(A, 0.6), vote(B, 0.6), vote("worker-c", 0.6)]
    assert count_votes(votes, 0.5, needed=3, window=5).sight is Sight.UNKNOWN


def test_fail__an_empty_gallery_knows_nobody():
    result = count_votes([None] * 5, 0.5, needed=3, window=5)
    assert (result.sight, result.candidate, result.frames) == (Sight.UNKNOWN, None, 5)


scores = st.floats(-1, 1, allow_nan=False)
ballots = st.lists(st.none() | st.builds(Candidate, st.sampled_from([A, B, "worker-c"]), scores), max_size=12)


@given(votes=ballots, threshold=st.floats(0.2, 0.9), needed=st.integers(1, 5), extra=st.integers(0, 5))
def test_ok__known_only_with_enough_frames_of_that_worker_in_the_window(votes, threshold, needed, extra):
    window = needed + extra
    result = count_votes(votes, threshold, needed, window)
    recent = [v for v in votes[-window:] if v]
    counts = {w: sum(v.worker_id == w and v.score >= threshold for v in recent) for w in (A, B, "worker-c")}
    if result.sight is Sight.KNOWN:
        assert counts[result.candidate.worker_id] == result.frames >= needed
        assert result.candidate.score >= threshold - 1e-9
    else:
        assert max(counts.values()) < needed
        assert (result.sight is Sight.UNKNOWN) == (len(votes) >= window)


T, EARLY = 0.4, 0.55


def test_ok__two_frames_are_enough_when_nobody_else_could_score_so_high():
    known = early_result([vote(A, 0.5), vote(A, 0.6)], vote(A, 0.7), T, EARLY)
    assert (known.sight, known.frames, known.candidate) == (Sight.KNOWN, 2, vote(A, 0.7))


@pytest.mark.parametrize(
    ("alone", "together"),
    [
        ([vote(A, 0.99)], vote(A, 0.99)),
        ([], vote(A, 0.99)),
        ([vote(A, 0.9), vote(B, 0.9)], vote(A, 0.9)),
        ([vote(B, 0.9), vote(A, 0.9)], vote(A, 0.9)),
        ([vote(A, 0.9), vote(A, 0.39)], vote(A, 0.9)),
        ([vote(A, 0.39), vote(A, 0.9)], vote(A, 0.9)),
        ([vote(A, 0.9), vote(A, 0.9)], vote(A, 0.549)),
        ([vote(A, 0.9), vote(A, 0.9)], vote(B, 0.9)),
        ([vote(A, 0.9), None], vote(A, 0.9)),
        ([None, None], None),
    ],
    ids=[
        "one frame", "no frame", "a second person", "a first person", "the second frame alone is not enough",
        "nor the first", "together not enough", "together somebody else", "an empty gallery before", "an empty gallery",
    ],
)  # fmt: skip
def test_fail__no_early_exit(alone, together):
    assert early_result(alone, together, T, EARLY) is None


@given(alone=ballots, together=st.none() | st.builds(Candidate, st.sampled_from([A, B]), scores))
def test_ok__early_only_with_two_frames_of_the_very_worker(alone, together):
    known = early_result(alone, together, T, EARLY)
    if known is not None:
        assert known.candidate == together
        assert together.score >= EARLY
        last = alone[-EARLY_FRAMES:]
        assert len(last) == known.frames == 2
        assert all(v.worker_id == together.worker_id and v.score >= T for v in last)
