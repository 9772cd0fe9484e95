"""Each rule of the table on the way in and on the way out: what it answers, and what it says for the manager."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from decision_parts import FRESH, IN, NOBODY, NOW, OUT, known, on_lists, policy, roster, run, shows, worker

from contract.messages import Advice, LivenessVerdict, Reason, RiskEntry
from contract.policy import AntiPassback, Factor, FactorRule, Period, RiskAction, RiskRule, Weekday
from edge.core.decision import RULES, DecisionCase, RuleVerdict, examine, worker_rules
from edge.core.domain import Candidate, Circumstances, Claim, Identification, LastPassage, ListAge, RosterState, Sight

MONDAYS = Period(days=(Weekday.MON,))
UNKNOWN = Identification(Sight.UNKNOWN, 1, Candidate("w1", 0.2), threshold=0.45, frames=5)


@dataclass(frozen=True)
class Matter:
    """One thing that is wrong with an otherwise welcome worker. `out`: what the same means on the way out."""

    rule: str
    reason: Reason
    advice: Advice = Advice.SEE_DESK
    given: dict[str, Any] = field(default_factory=dict)
    out: str = "passes"


def ruled(**changes: Any) -> dict[str, Any]:
    return {"state": roster(policy=policy(**changes))}


def person(changes: dict[str, Any], **rules: Any) -> dict[str, Any]:
    return {"state": roster(worker(**changes), policy=policy(**rules))}


INSIDE = LastPassage(IN, NOW - timedelta(hours=2))
MATTERS = {
    "two faces": Matter(
        "usable face",
        Reason.MULTIPLE_FACES,
        Advice.ONE_BY_ONE,
        {"seen": Identification(Sight.MULTIPLE_FACES)},
        "refused",
    ),
    "locked down": Matter("lock-down", Reason.LOCKED_DOWN, given={"locked_down": True}, out="refused"),
    "clock in 1970": Matter("clock", Reason.CLOCK_UNTRUSTED, given={"trusted": False}),
    "clock behind the lists": Matter(
        "clock", Reason.CLOCK_UNTRUSTED, given={"state": roster(roster=ListAge(1, NOW + timedelta(hours=1)))}
    ),
    "zone not known here": Matter(
        "clock",
        Reason.CLOCK_UNTRUSTED,
        given={"state": roster(policy=policy().model_copy(update={"time_zone": "Mars/Base"}))},
    ),
    "disk nearly full": Matter(
        "disk",
        Reason.DISK_FULL,
        given={**ruled(admit_on_low_disk=False), "disk_critical": True},
    ),
    "no roster yet": Matter("age of the roster", Reason.ROSTER_EXPIRED, given={"state": roster(roster=ListAge())}),
    "old roster": Matter(
        "age of the roster", Reason.ROSTER_EXPIRED, given={"state": roster(roster=ListAge(1, NOW - timedelta(days=8)))}
    ),
    "old risk list": Matter(
        "age of the risk list", Reason.ROSTER_EXPIRED, given={"state": roster(risk=ListAge(1, NOW - timedelta(days=4)))}
    ),
    "stale risk list": Matter(
        "age of the risk list",
        Reason.ROSTER_EXPIRED,
        given={"state": roster(risk=ListAge(1, NOW - timedelta(days=2)), policy=policy(admit_on_stale=False))},
    ),
    "expired code": Matter(
        "what was shown", Reason.FACTOR_REFUSED, given={"claim": Claim(refusal="the code has expired")}, out="noted"
    ),
    "expired code, no face": Matter(
        "what was shown",
        Reason.FACTOR_REFUSED,
        given={"claim": Claim(refusal="the code has expired"), "seen": NOBODY},
        out="refused",
    ),
    "somebody else's card": Matter(
        "what was shown", Reason.FACTOR_REFUSED, given={"claim": shows(Factor.CARD, worker_id="w2")}, out="refused"
    ),
    "stranger": Matter("known worker", Reason.UNKNOWN, given={"seen": UNKNOWN}, out="refused"),
    "code of somebody not on the roster": Matter(
        "known worker",
        Reason.UNKNOWN,
        given={"seen": NOBODY, "claim": shows(Factor.CODE, worker_id="gone")},
        out="refused",
    ),
    "face of somebody not on the roster": Matter(
        "known worker", Reason.NO_DECISION, given={"seen": known("gone")}, out="refused"
    ),
    "on a list": Matter("risk list", Reason.RISK_HOLD, given={"state": roster(risks=on_lists("keys"))}, out="noted"),
    "on a list that denies": Matter(
        "risk list",
        Reason.RISK_HOLD,
        given={
            "state": roster(
                risks=on_lists("keys"),
                policy=policy(risk_rules=(RiskRule(list_name="keys", action=RiskAction.DENY),)),
            ),
            "claim": shows(Factor.GUARD),
        },
        out="noted",
    ),
    "look-alike": Matter(
        "look-alike",
        Reason.SECOND_FACTOR,
        Advice.SHOW_CODE_OR_CARD,
        {"seen": replace(known(), look_alike="w2")},
        "noted",
    ),
    "a picture": Matter(
        "a person, not a picture",
        Reason.LIVENESS_DOUBT,
        given={"seen": replace(known(), liveness=LivenessVerdict.DOUBTFUL), "must_be_live": True},
    ),
    "another site": Matter("this site", Reason.NOT_THIS_SITE, given=person({"sites": frozenset({"site-2"})})),
    "suspended": Matter("active", Reason.NOT_ACTIVE, given=person({"active": False})),
    "not yet": Matter("active", Reason.NOT_ACTIVE, given=person({"valid_from": date(2026, 11, 22)})),
    "no longer": Matter("active", Reason.NOT_ACTIVE, given=person({"valid_until": date(2026, 11, 20)})),
    "employer": Matter("employer", Reason.EMPLOYER_NOT_ADMITTED, given=person({"employer": "b"}, employers=("a",))),
    "no employer": Matter("employer", Reason.EMPLOYER_NOT_ADMITTED, given=person({}, employers=("a",))),
    "trade": Matter("trade", Reason.TRADE_NOT_ADMITTED, given=person({"trade": "scaffolder"}, trades=("crane",))),
    "outside hours": Matter(
        "working hours", Reason.OUTSIDE_HOURS, Advice.COME_IN_HOURS, ruled(working_hours=(MONDAYS,))
    ),
    "training lapsed": Matter(
        "training",
        Reason.TRAINING_LAPSED,
        Advice.RENEW_TRAINING,
        person({"training_valid_until": date(2026, 11, 20)}),
    ),
    "never declared": Matter(
        "health declaration", Reason.DECLARATION_NEEDED, Advice.DECLARE_HEALTH, ruled(declaration_valid_h=12)
    ),
    "declared long ago": Matter(
        "health declaration",
        Reason.DECLARATION_NEEDED,
        Advice.DECLARE_HEALTH,
        person({"declared_utc": NOW - timedelta(hours=12, seconds=1)}, declaration_valid_h=12),
    ),
    "declared tomorrow": Matter(
        "health declaration",
        Reason.DECLARATION_NEEDED,
        Advice.DECLARE_HEALTH,
        person({"declared_utc": NOW + timedelta(days=1)}, declaration_valid_h=12),
    ),
    "fever": Matter(
        "body temperature",
        Reason.TEMPERATURE_HIGH,
        given={**ruled(temperature_max_c=37.3), "temperature_c": 37.31},
    ),
    "temperature demanded": Matter(
        "body temperature", Reason.NO_DECISION, given=ruled(temperature_max_c=37.3, temperature_required=True)
    ),
    "temperature is no number": Matter(
        "body temperature",
        Reason.NO_DECISION,
        given={**ruled(temperature_max_c=37.3, temperature_required=True), "temperature_c": float("nan")},
    ),
    "inside already": Matter(
        "anti-passback",
        Reason.PASSBACK,
        given={**ruled(anti_passback=AntiPassback.HARD), "last_passage": INSIDE},
    ),
    "no PIN": Matter(
        "factors",
        Reason.SECOND_FACTOR,
        Advice.ENTER_PIN,
        {
            **ruled(factors=(FactorRule(any_of=((Factor.CARD, Factor.PIN),)),)),
            "seen": NOBODY,
            "claim": shows(Factor.CARD),
        },
    ),
    "full": Matter("full site", Reason.SITE_FULL, Advice.WAIT, {**ruled(occupancy_max=50), "inside": 50}),
    "alone": Matter("two persons", Reason.PARTNER_NEEDED, Advice.NEXT_PERSON_TOO, ruled(two_person=True)),
    "one's own partner": Matter(
        "two persons", Reason.PARTNER_NEEDED, Advice.NEXT_PERSON_TOO, {**ruled(two_person=True), "partner": "w1"}
    ),
}


@pytest.mark.parametrize("name", MATTERS)
def test_fail__on_the_way_in_each_matter_has_its_own_answer(name: str) -> None:
    matter = MATTERS[name]
    decision = run(**matter.given)
    assert (decision.reason, decision.advice) == (matter.reason, matter.advice)
    assert decision.detail
    assert decision.alerts == ()


@pytest.mark.parametrize("name", MATTERS)
def test_ok__on_the_way_out_nobody_is_kept_who_can_be_named(name: str) -> None:
    matter = MATTERS[name]
    decision = run(**matter.given, direction=OUT)
    assert decision.granted == (matter.out != "refused")
    noted = any(alert.startswith(f"{matter.rule}: ") for alert in decision.alerts)
    assert noted == (matter.out == "noted")


@pytest.mark.parametrize("name", MATTERS)
def test_ok__the_table_names_the_rule_and_every_answer_it_gives(name: str) -> None:
    matter = MATTERS[name]
    values = {"seen": known(), "state": roster(), "claim": Claim(), "trusted": True, **matter.given}
    parts = [values.pop(key) for key in ("seen", "claim", "state", "trusted")]
    at = Circumstances("site-1", IN, NOW, parts.pop(), **values)
    found = examine(DecisionCase.of(*parts, at))
    rule, finding = next((rule, finding) for rule, finding in found if finding.verdict is RuleVerdict.REFUSES)
    assert rule.name == matter.rule
    assert (finding.reason, finding.advice) in rule.refusals


def test_ok__every_rule_that_can_refuse_is_shown_to_refuse() -> None:
    assert {matter.rule for matter in MATTERS.values()} == {rule.name for rule in RULES if rule.refusals}


# --- What each rule lets pass ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        person({"employer": "a", "trade": "crane"}, employers=("a", "c"), trades=("crane",)),
        person({"declared_utc": NOW - timedelta(hours=12)}, declaration_valid_h=12),
        {**ruled(temperature_max_c=37.3, temperature_required=True), "temperature_c": 37.3},
        {**ruled(anti_passback=AntiPassback.HARD), "last_passage": LastPassage(OUT, NOW - timedelta(hours=2))},
        {**ruled(anti_passback=AntiPassback.HARD), "last_passage": LastPassage(IN, NOW - timedelta(hours=15))},
        {**ruled(), "last_passage": INSIDE, "inside": 10**6, "temperature_c": 41.0},
        {**ruled(occupancy_max=50), "inside": 49},
        {**ruled(two_person=True), "partner": "w2"},
        {"seen": NOBODY, "claim": shows(Factor.CODE)},
        {"seen": UNKNOWN, "claim": shows(Factor.CARD, Factor.PIN)},
        {"seen": Identification(Sight.MULTIPLE_FACES), "claim": shows(Factor.CODE)},
        {"seen": replace(known(), look_alike="w2"), "claim": shows(Factor.CARD)},
        {"seen": known(), "must_be_live": True, "claim": shows(Factor.CODE)},
        ruled(protective_gear_advice=True),
    ],
)
def test_ok__nothing_to_note(given: dict[str, Any]) -> None:
    decision = run(**given)
    assert decision.granted
    assert decision.alerts == ()


@pytest.mark.parametrize(
    ("given", "alert"),
    [
        (ruled(temperature_max_c=37.3), "body temperature: no temperature reading"),
        ({**ruled(temperature_max_c=37.3), "temperature_c": float("inf")}, "body temperature: no temperature reading"),
        (
            {**ruled(anti_passback=AntiPassback.SOFT), "last_passage": INSIDE, "area": "tower"},
            "anti-passback: is inside tower already: last in Sat 2026-11-21 04:00 UTC",
        ),
        (
            {**ruled(protective_gear_advice=True), "gear_missing": ("helmet", "mask")},
            "protective gear: missing: helmet, mask",
        ),
        (
            {"state": roster(risks=on_lists("keys")), "claim": shows(Factor.GUARD), "seen": NOBODY},
            "risk list: keys: hold; admitted by a guard",
        ),
    ],
)
def test_ok__admitted_and_the_manager_is_told(given: dict[str, Any], alert: str) -> None:
    decision = run(**given)
    assert decision.granted
    assert decision.alerts == (alert,)


def test_ok__slow_workers_and_the_temperature_are_handed_on() -> None:
    decision = run(state=roster(worker(slow=True)), temperature_c=36.5)
    assert decision.slow
    assert decision.temperature_c == 36.5


# --- Risk lists -----------------------------------------------------------------------------------------

RISK_RULES = (
    RiskRule(list_name="watch", action=RiskAction.ADMIT_AND_ALERT),
    RiskRule(list_name="wages", action=RiskAction.HOLD),
    RiskRule(list_name="violence", action=RiskAction.DENY),
)


@pytest.mark.parametrize(
    ("names", "admitted", "by_guard"),
    [
        (("watch",), True, True),
        (("wages",), False, True),
        (("violence",), False, False),
        (("no rule for this one",), False, True),
        (("watch", "wages"), False, True),
        (("wages", "watch"), False, True),
        (("violence", "watch"), False, False),
        (("wages", "violence"), False, False),
    ],
)
def test_ok__of_several_lists_the_severest_decides(names: tuple[str, ...], admitted: bool, by_guard: bool) -> None:
    state = roster(risks=on_lists(*names), policy=policy(risk_rules=RISK_RULES))
    assert run(state=state).granted == admitted
    guard = run(NOBODY, state, claim=shows(Factor.GUARD))
    assert guard.granted == by_guard
    assert all(name in (guard.detail or guard.alerts[0]) for name in names)


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("begins", "ends", "holds"),
    [
        (None, None, True),
        (NOW, None, True),
        (NOW + HOUR, None, False),
        (None, NOW + HOUR, True),
        (None, NOW, False),
        (NOW - HOUR, NOW + HOUR, True),
        (NOW - 2 * HOUR, NOW - HOUR, False),
    ],
)
def test_ok__a_risk_entry_holds_in_its_time_alone(begins: datetime | None, ends: datetime | None, holds: bool) -> None:
    entry = RiskEntry(worker_id="w1", list_name="violence", valid_from_utc=begins, valid_until_utc=ends)
    state = roster(risks={"w1": (entry,)}, policy=policy(risk_rules=RISK_RULES))
    assert run(state=state).granted != holds
    assert run(NOBODY, state, claim=shows(Factor.GUARD)).granted != holds
    wrong = DecisionCase.of(known(), Claim(), state, Circumstances("site-1", IN, NOW, clock_trusted=False))
    assert worker_rules.listed(wrong, wrong.state.workers["w1"]).verdict is RuleVerdict.REFUSES, "the safe side"


# --- Factors --------------------------------------------------------------------------------------------

F = Factor
STRICT = FactorRule(any_of=((F.FACE, F.CARD), (F.CARD, F.PIN), (F.GUARD,)))
CODES = FactorRule(any_of=((F.CODE, F.FACE), (F.CODE, F.GUARD)))


@pytest.mark.parametrize(
    ("rule", "seen", "shown", "advice"),
    [
        (STRICT, known(), (), Advice.SHOW_CODE_OR_CARD),
        (STRICT, known(), (F.CARD,), Advice.WALK_THROUGH),
        (STRICT, known(), (F.CODE,), Advice.SHOW_CODE_OR_CARD),
        (STRICT, NOBODY, (F.CARD,), Advice.LOOK_TOO),
        (STRICT, UNKNOWN, (F.CARD,), Advice.ENTER_PIN),
        (STRICT, NOBODY, (F.CARD, F.PIN), Advice.WALK_THROUGH),
        (STRICT, NOBODY, (F.GUARD,), Advice.WALK_THROUGH),
        (STRICT, NOBODY, (F.CODE,), Advice.SHOW_CODE_OR_CARD),
        (CODES, known(), (), Advice.SHOW_CODE_OR_CARD),
        (CODES, NOBODY, (F.CODE,), Advice.LOOK_TOO),
        (CODES, UNKNOWN, (F.CODE,), Advice.SEE_DESK),
    ],
)
def test_ok__the_next_step_is_what_is_missing(
    rule: FactorRule, seen: Identification, shown: tuple[Factor, ...], advice: Advice
) -> None:
    claim = shows(*shown) if shown else Claim()
    decision = run(seen, roster(policy=policy(factors=(rule,))), claim=claim)
    assert decision.advice is advice
    assert decision.reason is (Reason.GRANTED if advice is Advice.WALK_THROUGH else Reason.SECOND_FACTOR)


def test_ok__factors_by_the_hour() -> None:
    at_night = FactorRule(periods=(Period(since="22:00", until="05:00"),), any_of=((F.CARD, F.PIN),))
    by_day = FactorRule(any_of=((F.FACE,), (F.CODE,)))
    state = roster(policy=policy(factors=(at_night, by_day)))
    assert run(state=state).granted
    assert run(state=state, now=NOW + timedelta(hours=16)).advice is Advice.SHOW_CODE_OR_CARD


def test_fail__a_face_that_was_not_found_live_is_no_factor() -> None:
    rule = FactorRule(any_of=((F.FACE, F.CARD), (F.CODE,)))
    state = roster(policy=policy(factors=(rule,)))
    assert run(state=state, claim=shows(F.CARD), must_be_live=True).advice is Advice.LOOK_TOO
    live = replace(known(), liveness=LivenessVerdict.LIVE)
    assert run(live, state, claim=shows(F.CARD), must_be_live=True).granted


def test_fail__a_photo_held_up_beside_a_good_card_is_refused() -> None:
    photo = replace(known(), liveness=LivenessVerdict.DOUBTFUL)
    decision = run(photo, claim=shows(F.CARD, F.PIN), must_be_live=True)
    assert decision.reason is Reason.LIVENESS_DOUBT


def test_fail__factors_of_nobody_count_for_nothing() -> None:
    decision = run(claim=Claim(None, frozenset({F.CARD, F.PIN})), state=roster(policy=policy(factors=(STRICT,))))
    assert decision.advice is Advice.SHOW_CODE_OR_CARD
    assert run(NOBODY, claim=Claim(None, frozenset({F.PIN}))).reason is Reason.NO_DECISION


def test_ok__without_anything_to_show_a_look_alike_goes_to_the_desk() -> None:
    only_guard = FactorRule(any_of=((F.FACE,), (F.GUARD,)))
    twin = replace(known(), look_alike="w2")
    assert run(twin, roster(policy=policy(factors=(only_guard,)))).advice is Advice.SEE_DESK


def test_ok__a_pair_needs_two_places() -> None:
    state = roster(policy=policy(two_person=True, occupancy_max=50))
    assert run(state=state, inside=49).reason is Reason.SITE_FULL
    assert run(state=state, inside=48).reason is Reason.PARTNER_NEEDED
    assert run(state=state, inside=49, partner="w2").granted


# --- Names that people wrote at two places --------------------------------------------------------------


@pytest.mark.parametrize("written", ["Violence ", " VIOLENCE", "violence", "ｖｉｏｌｅｎｃｅ", "violence\u200b"])
def test_ok__a_rule_finds_its_list_however_it_was_written(written: str) -> None:
    rules = (RiskRule(list_name="violence", action=RiskAction.DENY),)
    guard = shows(Factor.GUARD)
    assert run(state=roster(policy=policy(risk_rules=rules), risks=on_lists(written)), claim=guard).reason is (
        Reason.RISK_HOLD
    )


def test_fail__of_two_rules_for_one_list_the_severest_counts() -> None:
    rules = (
        RiskRule(list_name="violence", action=RiskAction.DENY),
        RiskRule(list_name="Violence", action=RiskAction.ADMIT_AND_ALERT),
    )
    assert not run(state=roster(policy=policy(risk_rules=rules), risks=on_lists("VIOLENCE"))).granted


@pytest.mark.parametrize("field", ["employer", "trade"])
def test_ok__employers_and_trades_match_however_they_were_written(field: str) -> None:
    rules = policy(**{f"{field}s": ("North  Build", " ")})
    assert run(state=roster(worker(**{field: "north build "}), policy=rules)).granted
    for other in (None, "", "  ", "north-build"):
        assert not run(state=roster(worker(**{field: other}), policy=rules)).granted


# --- Dates are the site's own ---------------------------------------------------------------------------


def test_ok__the_last_day_ends_at_midnight_of_the_site() -> None:
    state = RosterState(
        workers={"w1": worker(valid_until=date(2026, 11, 20))},
        roster=FRESH,
        risk=FRESH,
        policy=policy(time_zone="America/Los_Angeles"),
    )
    assert run(state=state, now=datetime(2026, 11, 21, 7, 59, tzinfo=UTC)).granted
    assert run(state=state, now=datetime(2026, 11, 21, 8, 1, tzinfo=UTC)).reason is Reason.NOT_ACTIVE
