"""What stands against a worker whom a guard admits by hand, and what the policy lets the guard override."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from decision_parts import IN, NOW, OUT, on_lists, policy, roster, worker

from contract.messages import Direction, ListKind, Reason
from contract.policy import GuardOverride, RiskAction, RiskRule
from edge.core.decision import GuardCheck, admit_by_guard, check_for_guard
from edge.core.domain import Circumstances, Decision, ListAge, RosterState

WORDS = "by anna: knows him"
DENIES = policy(risk_rules=(RiskRule(list_name="keys", action=RiskAction.DENY),))
AGAINST: dict[GuardOverride, dict[str, Any]] = {
    GuardOverride.NOT_THIS_SITE: {"sites": frozenset({"site-2"})},
    GuardOverride.NOT_ACTIVE: {"valid_until": date(2026, 11, 20)},
    GuardOverride.EMPLOYER_NOT_ADMITTED: {"employer": "b"},
    GuardOverride.TRADE_NOT_ADMITTED: {"trade": "painter"},
    GuardOverride.TRAINING_LAPSED: {"training_valid_until": date(2026, 6, 30)},
    GuardOverride.DECLARATION_NEEDED: {"declared_utc": NOW - timedelta(days=3)},
}
"""What of a worker stands against entry, for each kind but an id that nobody has."""
STRICT: dict[GuardOverride, dict[str, Any]] = {
    GuardOverride.EMPLOYER_NOT_ADMITTED: {"employers": ("a",)},
    GuardOverride.TRADE_NOT_ADMITTED: {"trades": ("crane",)},
    GuardOverride.DECLARATION_NEEDED: {"declaration_valid_h": 12},
}


def admit(
    state: RosterState, *despite: Reason, who: str | None = "w1", way: Direction = IN, now: datetime = NOW
) -> Decision:
    return admit_by_guard(who, WORDS, state, Circumstances("site-1", way, now, True), despite)


def check(state: RosterState, who: str = "w1", trusted: bool = True) -> GuardCheck:
    return check_for_guard(who, state, Circumstances("site-1", IN, NOW, trusted))


def state_of(kind: GuardOverride, *may: GuardOverride) -> tuple[RosterState, str]:
    """Return lists in which exactly this stands against a worker, and the worker's id."""
    rules = policy(guard_override=may, **STRICT.get(kind, {}))
    if kind is GuardOverride.UNKNOWN:
        return roster(policy=rules), "nobody"
    return roster(worker(**AGAINST[kind]), policy=rules), "w1"


@pytest.mark.parametrize("kind", GuardOverride)
def test_fail__what_stands_against_a_worker_blocks_the_guard_too(kind: GuardOverride) -> None:
    state, who = state_of(kind)
    reason = Reason(kind.value)
    assert check(state, who).reasons == (reason,) and not check(state, who).may_admit
    for despite in ((), (reason,)):
        found = admit(state, *despite, who=who)
        assert (found.reason, found.granted, found.worker_id) == (reason, False, who)
        assert found.detail.startswith(WORDS)


@pytest.mark.parametrize("kind", GuardOverride)
def test_ok__the_policy_lets_a_guard_override_what_the_guard_saw(kind: GuardOverride) -> None:
    state, who = state_of(kind, kind)
    reason = Reason(kind.value)
    assert check(state, who).may_admit and check(state, who).reasons == (reason,)
    assert admit(state, who=who).reason is reason, "it came up after the guard looked"
    found = admit(state, reason, who=who)
    assert (found.reason, found.detail) == (Reason.MANUAL_ADMIT, WORDS)
    assert len(found.alerts) == 1 and found.alerts[0].endswith("admitted by a guard")


@pytest.mark.parametrize("kind", GuardOverride)
def test_fail__one_override_is_no_other(kind: GuardOverride) -> None:
    state, who = state_of(kind, *(one for one in GuardOverride if one is not kind))
    assert not admit(state, *Reason, who=who).granted


@pytest.mark.parametrize("kind", GuardOverride)
def test_ok__nothing_blocks_the_way_out(kind: GuardOverride) -> None:
    state, who = state_of(kind)
    assert admit(state, who=who, way=OUT).granted


def test_ok__a_worker_in_order_and_somebody_without_an_id_are_admitted_as_before() -> None:
    assert check(roster()) == GuardCheck()
    assert admit(roster()).alerts == () and admit(roster()).granted
    assert admit(roster(), who=None).granted


def test_ok__a_list_that_holds_is_overridden_and_one_that_denies_never() -> None:
    held, denied = roster(risks=on_lists("keys")), roster(risks=on_lists("keys"), policy=DENIES)
    assert check(held).may_admit and check(held).reasons == (Reason.RISK_HOLD,)
    assert admit(held).alerts == ("risk list: keys: hold; admitted by a guard",)
    assert not check(denied).may_admit
    assert not admit(denied, *Reason).granted
    assert admit(denied, way=OUT).alerts == ("risk list: keys: deny",)


def test_ok__several_matters_are_all_named_and_each_must_be_overridden() -> None:
    person = worker(valid_until=date(2026, 11, 20), training_valid_until=None)
    may = (GuardOverride.NOT_ACTIVE, GuardOverride.TRAINING_LAPSED)
    state = roster(person, policy=policy(guard_override=may), risks=on_lists("keys"))
    assert check(state).reasons == (Reason.RISK_HOLD, Reason.NOT_ACTIVE, Reason.TRAINING_LAPSED)
    assert admit(state, Reason.NOT_ACTIVE).reason is Reason.TRAINING_LAPSED
    assert len(admit(state, Reason.NOT_ACTIVE, Reason.TRAINING_LAPSED).alerts) == 3


def test_fail__a_denied_id_that_no_roster_names_is_denied() -> None:
    state = roster(worker(worker_id="w2"), risks=on_lists("keys"), policy=DENIES)
    assert admit(state, Reason.UNKNOWN).reason is Reason.RISK_HOLD


@pytest.mark.parametrize(
    "changes",
    [
        {"roster": ListAge()},
        {"roster": ListAge(1, NOW - timedelta(days=8))},
        {"withheld": frozenset({ListKind.ROSTER})},
    ],
)
def test_ok__a_missing_or_old_roster_proves_nobody_unknown(changes: dict[str, Any]) -> None:
    found = admit(roster(**changes), who="new-this-week")
    assert found.granted and found.alerts[0].startswith("age of the roster")


def test_ok__a_clock_that_may_be_wrong_is_noted() -> None:
    assert check(roster(), trusted=False).notes == ("clock: it may be wrong, so dates may be wrong",)
    assert "risk list" in check(roster(withheld=frozenset({ListKind.RISK}))).notes[0]
