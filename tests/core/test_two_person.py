"""The two-person rule over time: who may come in with whom, once each."""

from decision_parts import NOW, known, policy, roster, worker
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import Advice, Direction, Reason
from edge.core.decision import TwoPersonWaits, decide
from edge.core.domain import Circumstances, Claim, Decision

WITHIN = 30.0


class Gate:
    """A gate with the two-person rule, and nothing but workers in order in front of it."""

    def __init__(self) -> None:
        self.pairs, self.now = TwoPersonWaits(), 0.0
        people = {name: worker(worker_id=name) for name in ("w1", "w2", "w3")}
        self.state = roster(workers=people, policy=policy(two_person=True))

    def comes(self, worker_id: str) -> str | None:
        """The partner with whom the worker was let in; None if they have to wait."""
        partner = self.pairs.partner_of(worker_id, self.now)
        at = Circumstances("site-1", Direction.IN, NOW, True, partner=partner)
        decision = decide(known(worker_id), Claim(), self.state, at)
        assert decision.reason in (Reason.GRANTED, Reason.PARTNER_NEEDED)
        self.pairs = self.pairs.after(decision, partner, self.now, WITHIN)
        return partner if decision.granted else None


def test_ok__two_come_in_together_once_each() -> None:
    gate = Gate()
    assert gate.comes("w1") is None
    assert gate.comes("w2") == "w1"
    assert gate.comes("w1") == "w2"
    assert gate.comes("w1") is None
    assert gate.comes("w2") == "w1"


def test_fail__nobody_is_their_own_second_person() -> None:
    gate = Gate()
    assert [gate.comes("w1") for _ in range(3)] == [None, None, None]


def test_fail__the_second_person_comes_too_late() -> None:
    gate = Gate()
    gate.comes("w1")
    gate.now = WITHIN + 0.1
    assert gate.comes("w2") is None
    assert gate.comes("w1") == "w2"


def test_fail__the_first_lets_their_turn_go_by() -> None:
    gate = Gate()
    gate.comes("w1")
    gate.comes("w2")
    gate.now = WITHIN + 0.1
    assert gate.comes("w1") is None


def test_ok__a_third_worker_does_not_take_the_place_of_the_first() -> None:
    gate = Gate()
    gate.comes("w1")
    gate.comes("w2")
    assert gate.comes("w3") is None
    assert gate.comes("w1") == "w2"
    assert gate.pairs.partner_of("w2", gate.now) == "w3"


def test_ok__other_decisions_change_nothing() -> None:
    waiting = TwoPersonWaits().after(Decision(Reason.PARTNER_NEEDED, Advice.NEXT_PERSON_TOO, "w1"), None, 0, WITHIN)
    for other in (Decision(Reason.UNKNOWN, Advice.SEE_DESK), Decision(Reason.RISK_HOLD, Advice.SEE_DESK, "w2")):
        assert waiting.after(other, "w1", 1, WITHIN) == waiting


@given(st.lists(st.tuples(st.sampled_from(["w1", "w2", "w3"]), st.floats(0, 20)), max_size=40))
def test_ok__a_visit_is_never_let_in_alone(visits: list[tuple[str, float]]) -> None:
    """A person who is let in has a partner who asked or was let in within the time. The waits never pile up."""
    gate, seen_at = Gate(), dict[str, float]()
    for worker_id, pause in visits:
        gate.now += pause
        partner = gate.comes(worker_id)
        if partner is not None:
            assert partner != worker_id
            assert gate.now - seen_at[partner] <= WITHIN
        seen_at[worker_id] = gate.now
        assert len(gate.pairs.waits) <= 3
