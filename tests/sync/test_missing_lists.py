"""When a gate asks HQ for a list: not while it moves, not again and again at once."""

from contract.messages import ListKind
from edge.sync.missing_lists import AGAIN_MAX_S, PATIENCE_S, MissingLists

STUCK = {ListKind.ROSTER: "parts [2]"}


def test_ok__what_is_complete_is_never_asked_for() -> None:
    gaps = MissingLists()
    assert [gaps.due({}, 100.0 * n) for n in range(5)] == [[]] * 5


def test_ok__a_list_that_stands_still_is_asked_for_after_a_while_then_ever_more_seldom() -> None:
    gaps, asked, now_s = MissingLists(), [], 0.0
    while now_s < 6_000:
        if gaps.due(STUCK, now_s):
            asked.append(now_s)
        now_s += 1
    pauses = [after - before for before, after in zip([0.0, *asked], asked, strict=False)]
    assert pauses[:4] == [PATIENCE_S, 2 * PATIENCE_S, 4 * PATIENCE_S, 8 * PATIENCE_S]
    assert max(pauses) == AGAIN_MAX_S


def test_ok__progress_starts_the_patience_anew_and_a_kind_does_not_wait_for_another() -> None:
    gaps = MissingLists()
    for part in range(20):
        assert gaps.due({ListKind.ROSTER: f"parts {part}"}, part * (PATIENCE_S - 1)) == []
    both = STUCK | {ListKind.RISK: "changes of x"}
    assert gaps.due(both, 1_000) == []
    assert gaps.due(both, 1_000 + PATIENCE_S) == [ListKind.ROSTER, ListKind.RISK]
    assert gaps.due({ListKind.RISK: "changes of x"}, 1_001 + PATIENCE_S) == []


def test_ok__a_new_connection_brings_what_the_broker_keeps_first() -> None:
    gaps = MissingLists()
    gaps.due(STUCK, 0)
    gaps.restart()
    assert gaps.due(STUCK, PATIENCE_S) == []
    assert gaps.due(STUCK, 2 * PATIENCE_S) == [ListKind.ROSTER]
