"""Every rule of the decision, its order, and what it may never do."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from decision_parts import FRESH, NOW, known, roster, run, worker
from hypothesis import given
from hypothesis import strategies as st

from contract.messages import Advice, DataTier, LivenessVerdict, PolicySnapshot, Reason, RiskEntry
from edge.core.decision import advice_for, tier
from edge.core.domain import Candidate, Identification, ListAge, QualityFault, Sight, Worker
from edge.matcher.engine import quality


def test_ok__a_worker_in_order_is_granted() -> None:
    decision = run()
    assert decision.granted
    assert decision.reason is Reason.GRANTED
    assert decision.worker_id == "w1"
    assert (decision.score, decision.threshold, decision.frames) == (0.7, 0.45, 3)


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (worker(sites=frozenset({"site-2"})), Reason.NOT_THIS_SITE),
        (worker(sites=frozenset()), Reason.NOT_THIS_SITE),
        (worker(active=False), Reason.NOT_ACTIVE),
        (worker(valid_from=date(2026, 11, 22)), Reason.NOT_ACTIVE),
        (worker(valid_until=date(2026, 11, 20)), Reason.NOT_ACTIVE),
        (worker(training_valid_until=date(2026, 11, 20)), Reason.TRAINING_LAPSED),
        (worker(training_valid_until=None), Reason.TRAINING_LAPSED),
    ],
)
def test_fail__a_worker_not_in_order_is_refused(person: Worker, reason: Reason) -> None:
    assert run(state=roster(person)).reason is reason


@pytest.mark.parametrize(
    "person",
    [
        worker(valid_from=date(2026, 11, 21), valid_until=date(2026, 11, 21)),
        worker(training_valid_until=date(2026, 11, 21)),
    ],
)
def test_ok__first_and_last_day_count(person: Worker) -> None:
    assert run(state=roster(person)).granted


def test_fail__a_listed_worker_is_held_before_any_lesser_matter() -> None:
    state = roster(worker(active=False), risks={"w1": (RiskEntry(worker_id="w1"),)})
    decision = run(state=state)
    assert decision.reason is Reason.RISK_HOLD
    assert decision.advice is Advice.SEE_DESK


def test_ok__the_lane_sees_no_difference_between_a_risk_hold_and_a_suspension() -> None:
    held = run(state=roster(risks={"w1": (RiskEntry(worker_id="w1"),)}))
    suspended = run(state=roster(worker(active=False)))
    assert held.advice is suspended.advice


def test_fail__a_stranger_is_unknown_and_has_no_name() -> None:
    seen = Identification(Sight.UNKNOWN, 1, Candidate("w1", 0.2), threshold=0.45, frames=5)
    decision = run(seen)
    assert decision.reason is Reason.UNKNOWN
    assert decision.worker_id is None


def test_fail__a_candidate_who_left_the_roster_is_no_decision() -> None:
    assert run(known("gone")).reason is Reason.NO_DECISION


@pytest.mark.parametrize(
    ("sight", "reason", "advice"),
    [
        (quality.TOO_DARK, Reason.LOW_QUALITY, Advice.MORE_LIGHT),
        (quality.TOO_FAR, Reason.LOW_QUALITY, Advice.COME_CLOSER),
        (quality.BLURRED, Reason.LOW_QUALITY, Advice.HOLD_STILL),
        (quality.TURNED_AWAY, Reason.LOW_QUALITY, Advice.LOOK_AT_CAMERA),
        (quality.LOOKING_UP, Reason.LOW_QUALITY, Advice.LOOK_DOWN),
        (quality.LOOKING_DOWN, Reason.LOW_QUALITY, Advice.LOOK_UP),
        (quality.TILTED, Reason.LOW_QUALITY, Advice.HOLD_UPRIGHT),
        (quality.TOO_BRIGHT, Reason.LOW_QUALITY, Advice.LESS_LIGHT),
        (quality.OCCLUDED, Reason.LOW_QUALITY, Advice.UNCOVER_FACE),
        (Sight.MULTIPLE_FACES, Reason.MULTIPLE_FACES, Advice.ONE_BY_ONE),
    ],
)
def test_fail__an_unusable_face_gets_its_next_step_and_never_not_you(
    sight: Sight | QualityFault, reason: Reason, advice: Advice
) -> None:
    decision = run(Identification(sight, 1))
    assert (decision.reason, decision.advice) == (reason, advice)
    assert advice_for(sight) is advice


@pytest.mark.parametrize("which", ["roster", "risk"])
def test_fail__an_expired_or_missing_list_admits_nobody(which: str) -> None:
    old = ListAge(1, NOW - timedelta(days=30))
    for age in (old, ListAge()):
        assert run(state=roster(**{which: age})).reason is Reason.ROSTER_EXPIRED


def test_ok__a_stale_list_admits_by_policy_and_says_so() -> None:
    stale = ListAge(1, NOW - timedelta(hours=30))
    decision = run(state=roster(roster=stale))
    assert decision.granted
    assert decision.roster_tier is DataTier.STALE


def test_fail__a_stale_list_admits_nobody_if_the_policy_says_so() -> None:
    policy = PolicySnapshot(site_id="site-1", issued_utc=NOW, admit_on_stale=False)
    stale = ListAge(1, NOW - timedelta(hours=30))
    assert run(state=roster(roster=stale, policy=policy)).reason is Reason.ROSTER_EXPIRED


def test_fail__a_clock_in_1970_or_before_the_roster_admits_nobody() -> None:
    assert run(now=datetime(1970, 1, 1, tzinfo=UTC), trusted=False).reason is Reason.CLOCK_UNTRUSTED
    assert run(now=NOW - timedelta(days=1)).reason is Reason.CLOCK_UNTRUSTED


@given(st.floats(0, 10_000), st.floats(0.01, 1000), st.floats(0.01, 1000))
def test_ok__tiers_only_ever_grow_older(hours: float, stale: float, more: float) -> None:
    order = [DataTier.FRESH, DataTier.STALE, DataTier.EXPIRED]
    early = tier(ListAge(1, NOW), NOW + timedelta(hours=hours), stale, stale + more)
    late = tier(ListAge(1, NOW), NOW + timedelta(hours=hours * 2), stale, stale + more)
    assert order.index(early) <= order.index(late)


@given(
    st.sampled_from([*Sight, *quality.FAULTS.values()]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([FRESH, ListAge(), ListAge(1, NOW - timedelta(days=400)), ListAge(1, NOW + timedelta(days=2))]),
    st.sampled_from(["site-1", "other"]),
    st.booleans(),
)
def test_ok__granted_only_if_known_in_order_and_on_live_lists(
    sight: Sight | QualityFault, trusted: bool, listed: bool, age: ListAge, site: str, active: bool
) -> None:
    state = roster(
        worker(sites=frozenset({site}), active=active),
        roster=age,
        risks={"w1": (RiskEntry(worker_id="w1"),)} if listed else {},
    )
    decision = run(Identification(sight, 1, Candidate("w1", 0.9)), state, trusted=trusted)
    may_pass = sight is Sight.KNOWN and trusted and not listed and age is FRESH and site == "site-1" and active
    assert decision.granted == may_pass


def twin() -> Identification:
    return Identification(Sight.KNOWN, 1, Candidate("w1", 0.7), threshold=0.45, frames=3, look_alike="w2")


def test_fail__a_worker_with_a_look_alike_needs_a_second_factor() -> None:
    decision = run(twin())
    assert (decision.reason, decision.advice) == (Reason.SECOND_FACTOR, Advice.SHOW_CODE_OR_CARD)
    assert (decision.worker_id, decision.detail) == ("w1", "looks like w2")
    assert run(twin(), roster(risks={"w1": (RiskEntry(worker_id="w1"),)})).reason is Reason.RISK_HOLD


def test_ok__the_policy_can_do_without_the_second_factor() -> None:
    policy = PolicySnapshot(site_id="site-1", issued_utc=NOW, look_alike_second_factor=False)
    assert run(twin(), roster(policy=policy)).granted


@pytest.mark.parametrize("verdict", LivenessVerdict)
def test_ok__where_a_person_must_be_shown_only_live_passes(verdict: LivenessVerdict) -> None:
    strict = run(replace(known(), liveness=verdict), must_be_live=True)
    lenient = run(replace(known(), liveness=verdict))
    wanted = Reason.GRANTED if verdict is LivenessVerdict.LIVE else Reason.LIVENESS_DOUBT
    assert (strict.reason, lenient.reason) == (wanted, Reason.GRANTED)
    assert strict.liveness is lenient.liveness is verdict


def test_ok__a_listed_worker_is_held_for_that_whatever_the_camera_saw() -> None:
    listed = roster(risks={"w1": (RiskEntry(worker_id="w1"),)})
    assert (
        run(replace(known(), liveness=LivenessVerdict.DOUBTFUL), listed, must_be_live=True).reason is Reason.RISK_HOLD
    )
