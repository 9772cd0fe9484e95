"""What became of refusals."""

from contract.messages import Reason
from edge.core.domain import DecisionRow
from edge.screen.journal.refusals import RefusalEnding, RefusalStory, guard_and_reason, stories

TOLD = tuple[str | None, int, RefusalEnding, float | None]


def row(
    seq: int, utc: float, reason: Reason, worker_id: str | None = None, detail: str = "", way: str = "in"
) -> DecisionRow:
    granted = reason in (Reason.GRANTED, Reason.MANUAL_ADMIT, Reason.REMOTE_OPEN)
    return DecisionRow(seq, utc, granted, reason.value, way, worker_id, detail)


def told(*rows: DecisionRow, before: float = 1e9) -> list[TOLD]:
    return [_in_short(story) for story in stories(rows, before)]


def _in_short(story: RefusalStory) -> TOLD:
    return story.first.worker_id, story.tries, story.ending, story.seconds


def test_ok__a_story_ends_with_the_same_workers_admission() -> None:
    assert told(
        row(1, 0, Reason.TRAINING_LAPSED, "a"),
        row(2, 10, Reason.GRANTED, "b"),
        row(3, 20, Reason.TRAINING_LAPSED, "a"),
        row(4, 80, Reason.MANUAL_ADMIT, "a", "by anna: shown a new card"),
        row(5, 90, Reason.TRAINING_LAPSED, "a"),
    ) == [("a", 1, RefusalEnding.NOT_ADMITTED, None), ("a", 2, RefusalEnding.BY_GUARD, 60)]


def test_fail__who_is_let_out_was_not_let_in() -> None:
    assert told(
        row(1, 0, Reason.TRAINING_LAPSED, "a"),
        row(2, 5, Reason.UNKNOWN),
        row(3, 10, Reason.MANUAL_ADMIT, "a", way="out"),
    ) == [(None, 1, RefusalEnding.NOT_ADMITTED, None), ("a", 1, RefusalEnding.NOT_ADMITTED, None)]


def test_ok__another_reason_or_a_long_pause_is_another_story() -> None:
    assert told(
        row(1, 0, Reason.LIVENESS_DOUBT, "a"),
        row(2, 5, Reason.SECOND_FACTOR, "a"),
        row(3, 700, Reason.LIVENESS_DOUBT, "a"),
        row(4, 710, Reason.GRANTED, "a"),
    ) == [
        ("a", 1, RefusalEnding.ADMITTED, 10),
        ("a", 1, RefusalEnding.ADMITTED, 705),
        ("a", 1, RefusalEnding.NOT_ADMITTED, None),
    ]


def test_ok__of_an_unknown_person_the_next_admission_is_only_likely_the_end() -> None:
    first, second, third = stories(
        [
            row(1, 0, Reason.UNKNOWN),
            row(2, 30, Reason.UNKNOWN),
            row(3, 60, Reason.MANUAL_ADMIT, "a", "by anna: visitor"),
            row(4, 1000, Reason.UNKNOWN),
            row(5, 1200, Reason.GRANTED, "b"),
            row(6, 2000, Reason.UNKNOWN),
            row(7, 2010, Reason.REMOTE_OPEN),
        ],
        1e9,
    )
    assert (third.tries, third.ending, third.sure) == (2, RefusalEnding.BY_GUARD, False)
    assert (second.ending, second.end) == (RefusalEnding.NOT_ADMITTED, None)
    assert (first.ending, first.sure) == (RefusalEnding.BY_HQ, False)


def test_ok__what_follows_the_day_only_ends_its_stories() -> None:
    found = told(
        row(1, 90, Reason.NOT_ACTIVE, "a"),
        row(2, 110, Reason.NOT_ACTIVE, "a"),
        row(3, 120, Reason.GRANTED, "a"),
        before=100,
    )
    assert found == [("a", 1, RefusalEnding.ADMITTED, 30)]


def test_fail__a_text_that_no_guard_wrote_names_no_guard() -> None:
    assert guard_and_reason("by anna: visitor: with host") == ("anna", "visitor: with host")
    assert guard_and_reason("valid until: 2026-06-30") == ("", "valid until: 2026-06-30")
    assert guard_and_reason("by the way") == ("", "by the way")
