"""What holds for every decision in every case: total, one reason, in order, silent about risk lists."""

from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import Any

from decision_parts import FRESH, NOW
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.messages import AccessEvent, Advice, Direction, LivenessVerdict, PolicySnapshot, Reason, RiskEntry
from contract.policy import (
    AntiPassback,
    Factor,
    FactorRule,
    Holiday,
    Period,
    RiskAction,
    RiskRule,
    Weekday,
)
from edge.core.decision import RULES, DecisionCase, Leaving, RuleVerdict, decide, examine
from edge.core.domain import (
    Candidate,
    Circumstances,
    Claim,
    Decision,
    Identification,
    LastPassage,
    ListAge,
    RosterState,
    Sight,
    Worker,
)
from edge.matcher.engine.quality import FAULTS

IDS = st.sampled_from(["w1", "w2", "gone"])
LISTS = st.sampled_from(["watch", "keys", "violence"])


def mostly(usual: object, strange: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What is usual nine times out of ten, so that the late rules of the table get their turn."""
    return st.integers(0, 9).flatmap(lambda n: strange if n == 9 else st.just(usual))


times = st.times().map(lambda t: t.replace(tzinfo=None, microsecond=0))
instants = st.one_of(
    st.integers(-400, 400).map(lambda hours: NOW + timedelta(hours=hours)), st.datetimes(timezones=st.just(UTC))
)
dates = st.dates(date(2026, 11, 18), date(2026, 11, 24))
periods = st.builds(Period, days=st.sets(st.sampled_from(Weekday), min_size=1).map(tuple), since=times, until=times)
combinations = st.lists(st.sets(st.sampled_from(Factor), min_size=1).map(tuple), max_size=3).map(
    lambda found: (*found, (Factor.GUARD,))
)
factor_rules = st.builds(FactorRule, periods=st.lists(periods, min_size=1, max_size=2).map(tuple), any_of=combinations)


@st.composite
def policies(draw: st.DrawFn) -> PolicySnapshot:
    values: dict[str, Any] = {
        "admit_on_stale": draw(mostly(True, st.just(False))),
        "admit_on_low_disk": draw(st.booleans()),
        "training_required": draw(st.booleans()),
        "look_alike_second_factor": draw(st.booleans()),
        "time_zone": draw(st.sampled_from(["UTC", "Asia/Hong_Kong", "America/St_Johns"])),
        "working_hours": draw(mostly((), st.lists(periods, max_size=2).map(tuple))),
        "holidays": draw(mostly((), st.just((Holiday(first=NOW.date(), last=NOW.date(), periods=()),)))),
        "employers": draw(st.sampled_from([(), ("a",)])),
        "trades": draw(st.sampled_from([(), ("crane",)])),
        "declaration_valid_h": draw(st.sampled_from([None, 12])),
        "temperature_max_c": draw(st.sampled_from([None, 37.3])),
        "risk_rules": draw(
            st.sampled_from(
                [
                    (),
                    (
                        RiskRule(list_name="watch", action=RiskAction.ADMIT_AND_ALERT),
                        RiskRule(list_name="violence", action=RiskAction.DENY),
                    ),
                ]
            )
        ),
        "anti_passback": draw(st.sampled_from(AntiPassback)),
        "occupancy_max": draw(st.sampled_from([None, 2, 100])),
        "two_person": draw(st.booleans()),
        "protective_gear_advice": draw(st.booleans()),
        "factors": (*draw(st.lists(factor_rules, max_size=1)), FactorRule(any_of=draw(combinations))),
    }
    values["temperature_required"] = values["temperature_max_c"] is not None and draw(st.booleans())
    return PolicySnapshot(site_id="site-1", issued_utc=NOW, **values)


workers = st.builds(
    Worker,
    worker_id=st.just("w1"),
    sites=mostly(frozenset({"site-1"}), st.sampled_from([frozenset({"site-1", "site-2"}), frozenset()])),
    active=mostly(True, st.just(False)),
    valid_from=mostly(None, dates),
    valid_until=mostly(None, dates),
    training_valid_until=mostly(date(2099, 1, 1), st.none() | dates),
    employer=mostly("a", st.sampled_from([None, "b"])),
    trade=mostly("crane", st.sampled_from([None, "paint"])),
    declared_utc=mostly(NOW - timedelta(hours=2), st.none() | instants),
    slow=st.booleans(),
)
sightings = st.builds(
    Identification,
    sight=mostly(Sight.KNOWN, st.sampled_from([*Sight, *FAULTS.values()])),
    candidate=mostly(Candidate("w1", 0.7), st.none() | st.builds(Candidate, IDS, st.floats(-1, 1))),
    look_alike=mostly(None, IDS),
    liveness=mostly(LivenessVerdict.LIVE, st.sampled_from(LivenessVerdict)),
)
genuine = st.builds(Claim, st.just("w1"), st.sets(st.sampled_from(Factor), min_size=1).map(frozenset))
claims = st.one_of(
    st.just(Claim()),
    genuine,
    mostly(
        Claim(),
        st.builds(
            Claim,
            worker_id=st.none() | IDS,
            factors=st.sets(st.sampled_from(Factor)).map(frozenset),
            refusal=st.sampled_from(["", "expired"]),
        ),
    ),
)
ages = mostly(
    FRESH, st.sampled_from([ListAge(), ListAge(1, NOW - timedelta(days=2)), ListAge(1, NOW + timedelta(days=9))])
)
states = st.builds(
    lambda worker, risks, policy, roster_age, risk_age: RosterState(
        workers={"w1": worker, "w2": replace(worker, worker_id="w2", active=True)},
        risks={"w1": tuple(RiskEntry(worker_id="w1", list_name=name) for name in risks)} if risks else {},
        policy=policy,
        roster=roster_age,
        risk=risk_age,
    ),
    workers,
    st.sets(LISTS, max_size=2),
    st.none() | policies(),
    ages,
    ages,
)
circumstances = st.builds(
    Circumstances,
    site_id=st.just("site-1"),
    direction=st.sampled_from([Direction.IN, Direction.IN, Direction.OUT]),
    now=mostly(NOW, instants),
    clock_trusted=mostly(True, st.just(False)),
    must_be_live=st.booleans(),
    locked_down=mostly(False, st.just(True)),
    disk_critical=mostly(False, st.just(True)),
    temperature_c=mostly(36.4, st.none() | st.floats()),
    inside=st.sampled_from([0, 1, 2, 101]),
    last_passage=st.none() | st.builds(LastPassage, st.sampled_from(Direction), instants),
    partner=st.none() | IDS,
    gear_missing=st.none() | st.sampled_from([(), ("helmet",)]),
)
many = settings(max_examples=200, deadline=None)

WELCOME = Worker("w1", frozenset({"site-1"}), training_valid_until=date(2027, 1, 1))
SEEN = Identification(Sight.KNOWN, 1, Candidate("w1", 0.7))
HERE = Circumstances("site-1", Direction.IN, NOW, True)


def visible(decision: Decision) -> tuple[bool, Advice]:
    """All that the lane shows: whether it opens, and what to do."""
    return decision.granted, decision.advice


def _entitled(decision: Decision, claim: Claim, state: RosterState, at: Circumstances) -> None:
    """What must be true of everybody who is let through, with any table."""
    assert decision.worker_id in state.workers
    assert not at.locked_down
    assert not claim.refusal or at.direction is Direction.OUT
    if at.direction is Direction.IN:
        worker = state.workers[decision.worker_id]
        assert at.clock_trusted and worker.active and at.site_id in worker.sites
        assert decision.factors


def _journalled(decision: Decision, at: Circumstances) -> None:
    """It fits into the event that goes on disk before anything moves."""
    AccessEvent(
        gate_id="g", site_id="site-1", epoch="e", seq=1, boot_id="b", utc=NOW, monotonic_ms=0, clock_trusted=True,
        reason=decision.reason, granted=decision.granted, advice=decision.advice, direction=at.direction,
        worker_id=decision.worker_id, score=decision.score, factors=tuple(sorted(decision.factors)),
        alerts=decision.alerts, detail=decision.detail, temperature_c=decision.temperature_c,
    )  # fmt: skip


@many
@given(sightings, claims, states, circumstances)
def test_ok__a_decision_is_total_repeatable_and_the_first_refusal_gives_its_one_reason(
    seen: Identification, claim: Claim, state: RosterState, at: Circumstances
) -> None:
    decision = decide(seen, claim, state, at)
    found = list(examine(DecisionCase.of(seen, claim, state, at)))
    refusals = [(rule, finding) for rule, finding in found if finding.verdict is RuleVerdict.REFUSES]
    assert [rule.name for rule, _ in found] == [rule.name for rule in RULES]
    assert decision.granted == (not refusals)
    assert decision.granted == (decision.reason is Reason.GRANTED)
    if refusals:
        rule, finding = refusals[0]
        assert (decision.reason, decision.advice, decision.detail) == (finding.reason, finding.advice, finding.given)
        assert (finding.reason, finding.advice) in rule.refusals
        assert decision.alerts == ()
    assert repr(decide(seen, claim, state, at)) == repr(decision)
    if decision.granted:
        _entitled(decision, claim, state, at)
    _journalled(decision, at)


@many
@given(sightings, claims, states, circumstances)
def test_ok__on_the_way_out_only_who_it_is_can_refuse(
    seen: Identification, claim: Claim, state: RosterState, at: Circumstances
) -> None:
    leaving = replace(at, direction=Direction.OUT, locked_down=False)
    for rule, finding in examine(DecisionCase.of(seen, claim, state, leaving)):
        if finding.verdict is RuleVerdict.REFUSES:
            assert rule.leaving is Leaving.ASKED
    if seen.sight is Sight.KNOWN and seen.candidate and seen.candidate.worker_id == "w1" and not claim.worker_id:
        assert decide(seen, claim, state, leaving).granted


@many
@given(sightings, claims, states, circumstances)
@example(
    SEEN, Claim(), RosterState({"w1": WELCOME}, {"w1": (RiskEntry(worker_id="w1"),)}, roster=FRESH, risk=FRESH), HERE
)
@example(
    SEEN,
    Claim(),
    RosterState(
        {"w1": replace(WELCOME, training_valid_until=None)},
        {"w1": (RiskEntry(worker_id="w1"),)},
        roster=FRESH,
        risk=FRESH,
    ),
    HERE,
)
def test_ok__the_lane_never_betrays_a_risk_list(
    seen: Identification, claim: Claim, state: RosterState, at: Circumstances
) -> None:
    """Whether somebody is held does not depend on any other matter of theirs; a hold looks like the plainest refusal;
    and where a hold is not the answer, the list changes nothing that can be seen."""
    listed = decide(seen, claim, state, at)
    in_order = {name: replace(WELCOME, worker_id=name) for name in state.workers}
    plain_sight = replace(seen, look_alike=None, liveness=LivenessVerdict.LIVE)
    in_order_but_listed = decide(plain_sight, claim, replace(state, workers=in_order), at)
    assert (listed.reason is Reason.RISK_HOLD) == (in_order_but_listed.reason is Reason.RISK_HOLD)
    if listed.reason is Reason.RISK_HOLD:
        assert (visible(listed), listed.alerts) == ((False, Advice.SEE_DESK), ())
        suspended = {name: replace(worker, active=False) for name, worker in in_order.items()}
        suspension = decide(plain_sight, claim, replace(state, risks={}, workers=suspended), at)
        assert (suspension.reason, visible(suspension)) == (Reason.NOT_ACTIVE, visible(listed))
    else:
        unlisted = decide(seen, claim, replace(state, risks={}), at)
        assert (visible(listed), listed.reason) == (visible(unlisted), unlisted.reason)


def test_ok__the_risk_list_stands_before_every_rule_about_the_person() -> None:
    names = [rule.name for rule in RULES]
    assert names.index("risk list") == names.index("known worker") + 1
    assert all(advice is Advice.SEE_DESK for rule in RULES if rule.name == "risk list" for _, advice in rule.refusals)
