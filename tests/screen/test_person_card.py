"""A person's card: who that is, and what stands against them, in both languages."""

import tomllib
from datetime import date, datetime, timedelta
from importlib import resources
from typing import Any

import pytest
from decision_parts import FRESH, NOW, on_lists, policy, roster, worker

from contract.messages import Reason
from contract.policy import GuardOverride, RiskAction, RiskRule
from edge.core.domain import ListAge, RosterState, SiteStandings, WorkerStanding
from edge.screen.guard.person import CheckedLists, GuardVerdict, PersonCard, despite_of, person_card
from edge.screen.people.index import SitePerson

WORDS = {
    language: tomllib.loads((resources.files("edge.screen") / f"text/{language}/people.toml").read_text("utf-8"))
    for language in ("en", "zh")
}
TODO = {reason: f"do {reason.value}" for reason in Reason}


def same(utc: datetime) -> datetime:
    return utc


def card(state: RosterState, who: str = "w1", language: str = "en", **more: Any) -> PersonCard:
    standings = SiteStandings(utc=NOW, site_id="site-1", policy=state.policy)
    lists = CheckedLists(standings, state, NOW, more.pop("clock_trusted", True))
    found = state.workers.get(who)
    standing = None
    if found is not None:
        standing = WorkerStanding(
            worker_id=who,
            active=found.active,
            valid_from=found.valid_from,
            valid_until=found.valid_until,
            training_valid_until=found.training_valid_until,
            employer=found.employer,
            trade=found.trade,
            declared_utc=found.declared_utc,
            risks=state.risks.get(who, ()),
        )
    person = SitePerson(who, name="张三", standing=standing)
    return person_card(person, lists, WORDS[language], TODO, same, sees_risk=more.pop("sees_risk", False))


@pytest.mark.parametrize(
    ("changes", "rules", "en", "zh"),
    [
        ({"training_valid_until": date(2026, 6, 30)}, {}, "Safety training lapsed on 2026-06-30", "2026-06-30"),
        ({"training_valid_until": None}, {}, "No safety training on record", "没有安全培训记录"),
        ({"valid_until": date(2026, 11, 20)}, {}, "Left on 2026-11-20", "已于 2026-11-20 退场"),
        ({"valid_from": date(2026, 12, 1), "valid_until": date(2027, 1, 1)}, {}, "Work begins on 2026-12-01", "起才"),
        ({"active": False, "valid_until": date(2026, 1, 1)}, {}, "Suspended", "已停工"),
        ({"sites": frozenset({"site-2"})}, {}, "Not assigned to this site", "未派驻本工地"),
        ({"employer": "B <b>"}, {"employers": ("a",)}, "Employer not admitted to this site: B <b>", "B <b>"),
        ({}, {"employers": ("a",)}, "No employer on record", "没有登记单位"),
        ({"trade": "{date}"}, {"trades": ("a",)}, "Trade not admitted to this site: {date}", "{date}"),
        ({}, {"trades": ("a",)}, "No trade on record", "没有登记工种"),
        (
            {"declared_utc": NOW - timedelta(days=2)},
            {"declaration_valid_h": 12},
            "Last health declaration on 2026-11-19 06:00: too old",
            "2026-11-19 06:00",
        ),
        ({}, {"declaration_valid_h": 12}, "No health declaration on record", "没有健康申报记录"),
    ],
)
def test_ok__what_stands_against_somebody_is_said_in_both_languages(
    changes: dict[str, Any], rules: dict[str, Any], en: str, zh: str
) -> None:
    state = roster(worker(**changes), policy=policy(**rules))
    found = card(state)
    assert [one.words for one in found.against] == [en] and found.verdict is GuardVerdict.BLOCKED
    assert found.against[0].todo == f"do {found.despite}" and despite_of(found.despite)
    assert zh in card(state, language="zh").against[0].words


def test_ok__nobody_has_an_id_that_is_on_no_list() -> None:
    assert [one.words for one in card(roster(), "x-1").against] == ["Nobody has this id"]
    assert card(roster(roster=ListAge()), "x-1").verdict is GuardVerdict.CLEAR
    assert card(roster(roster=ListAge()), "x-1").notes == (WORDS["en"]["old_lists"],)


def test_ok__the_policy_decides_whether_a_guard_may() -> None:
    late = worker(training_valid_until=None)
    may = policy(guard_override=(GuardOverride.TRAINING_LAPSED,))
    assert card(roster()).verdict is GuardVerdict.CLEAR
    assert card(roster(late, policy=may)).verdict is GuardVerdict.OVERRIDE
    assert card(roster(late)).verdict is GuardVerdict.BLOCKED


def test_fail__the_guard_reads_neither_list_nor_officer_and_the_manager_does() -> None:
    state = roster(risks=on_lists("keys"))
    assert "keys" not in repr(card(state).against) and card(state).risks == ()
    assert card(state).verdict is GuardVerdict.OVERRIDE and card(state).against[0].words == "Held by a list"
    assert [one.list_name for one in card(state, sees_risk=True).risks] == ["keys"]
    denied = roster(
        risks=on_lists("keys"), policy=policy(risk_rules=(RiskRule(list_name="keys", action=RiskAction.DENY),))
    )
    assert card(denied).verdict is GuardVerdict.BLOCKED and card(denied).against[0].words == "Denied by a list"


def test_ok__doubtful_lists_and_clock_are_said_and_without_lists_nothing_is_promised() -> None:
    assert card(roster(), clock_trusted=False).notes == (WORDS["en"]["doubtful_clock"],)
    assert card(roster(risk=ListAge(1, FRESH.issued_utc and FRESH.issued_utc - timedelta(days=9)))).notes
    nothing = person_card(SitePerson("w1"), None, WORDS["en"], TODO, same, sees_risk=True)
    assert (nothing.verdict, nothing.despite) == (GuardVerdict.UNCHECKED, "")


def test_fail__a_forged_field_of_what_the_guard_saw_is_refused() -> None:
    with pytest.raises(ValueError):
        despite_of("training_lapsed everything")
