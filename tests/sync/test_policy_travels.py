"""A policy from a person's file, through HQ, the broker and the gate, to what each rule says of a worker."""

import json
import re
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from sync_rig import Rig, wait_until
from typer.testing import CliRunner, Result

from common.sheets.refusals import ImportRefused
from contract.messages import DECISION_LISTS, ListKind, NoticeCode, PolicySnapshot
from contract.policy import Factor, RiskAction, Weekday
from edge.app.state_folders import JOURNAL
from edge.cli import app
from edge.core.domain import RosterState
from edge.replica.reader import ReplicaReader
from hq.registry.import_file import read_import

EXAMPLE = re.search(
    r"```toml\n(\[\[policies\]\].*?)```",
    (Path(__file__).parents[2] / "docs" / "OPERATIONS.md").read_text(encoding="utf-8"),
    re.DOTALL,
)


def _imported(rig: Rig, text: str) -> None:
    file = rig.folder / "rules.toml"
    file.write_text(text, encoding="utf-8")
    store = rig.store()
    rig.people(store).take(read_import(file))
    for kind in DECISION_LISTS:
        rig.publisher(store).publish("site-1", kind)


def _fresh(roster: ReplicaReader) -> RosterState:
    roster.refresh()
    return roster.state


def _arrived(rig: Rig) -> ReplicaReader:
    roster = rig.roster()
    wait_until(lambda: (s := _fresh(roster)).policy and s.workers and s.risk.version, "all lists")
    return roster


def _command(rig: Rig, *arguments: str) -> Result:
    keys = rig.config.keys
    path = rig.folder / "gate.toml"
    path.write_text(
        f"""
[paths]
state_dir = "{rig.state_dir}"
[keys]
hq_signing_public_path = "{keys.hq_signing_public_path}"
hq_sealing_public_path = "{keys.hq_sealing_public_path}"
site_private_path = "{keys.site_private_path}"
""",
        encoding="utf-8",
    )
    return CliRunner().invoke(app, ["policy", *arguments, "--config", str(path)], env={"COLUMNS": "200"})


def _explained(rig: Rig, *arguments: str) -> dict[str, Any]:
    result = _command(rig, "explain", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def _words(result: Result) -> str:
    return " ".join((result.stdout + result.stderr).split())


def test_ok__the_example_in_the_manual_governs_the_gate(rig: Rig) -> None:
    assert EXAMPLE is not None
    rig.hq()
    rig.sync()
    _imported(rig, EXAMPLE[1] + '\n[[risk]]\nworker_id = "w-17"\nlist_name = "watch"\n')
    state = _arrived(rig).state
    policy, worker = state.policy, state.workers["w-17"]
    assert policy is not None
    assert (policy.time_zone, policy.occupancy_max, policy.temperature_max_c) == ("Asia/Hong_Kong", 400, 37.3)
    assert policy.working_hours[1].days[0] is Weekday.MON
    assert policy.working_hours[1].until == time(5)
    assert policy.holidays[1].periods == ()
    assert policy.risk_rules[1].action is RiskAction.DENY
    assert policy.factors[0].any_of[0] == (Factor.FACE, Factor.CARD)
    assert (worker.employer, worker.trade, worker.slow) == ("north-build", "scaffolder", True)
    assert worker.declared_utc == datetime(2026, 11, 21, 5, 40, tzinfo=UTC)
    _explain_the_example(rig)


def _explain_the_example(rig: Rig) -> None:
    holiday = _explained(rig, "w-17", "--at", "2099-12-25T10:00")
    assert holiday["reason"] == "roster_expired"  # by then the lists are
    rules = {rule["rule"]: rule for rule in holiday["rules"]}
    assert rules["risk list"]["verdict"] == "notes"
    assert rules["employer"] == {
        "rule": "employer", "input": "north-build", "verdict": "fine", "reason": None, "advice": None
    }  # fmt: skip
    assert rules["working hours"]["input"].startswith("Fri 2099-12-25 10:00 HKT")
    assert (rules["training"]["reason"], rules["training"]["advice"]) == ("training_lapsed", "renew_training")
    night = _explained(rig, "w-17", "--at", "2099-12-25T23:00", "--factor", "card")
    factors = next(rule for rule in night["rules"] if rule["rule"] == "factors")
    assert (factors["reason"], factors["advice"]) == ("second_factor", "look_too")
    leaving = _explained(rig, "w-17", "--direction", "out")
    assert leaving["reason"] == "granted"
    assert leaving["alerts"] == ["risk list: watch: admit_and_alert"]
    shown = _command(rig, "show")
    assert "Asia/Hong_Kong" in shown.stdout and "changed" in shown.stdout
    table = _command(rig, "explain", "w-17", "--temperature", "38.2", "--partner", "w-18")
    assert "38.2 °C, at most 37.3 °C" in table.stdout
    assert "w-17, coming in at" in table.stdout
    assert PolicySnapshot.model_validate_json(_command(rig, "show", "--json").stdout).list_version == 1
    assert not (rig.state_dir / JOURNAL).exists(), "explaining records nothing"
    assert "worker 'w-71' is not among the 1 workers of roster version 1" in _words(_command(rig, "explain", "w-71"))
    wrong = _command(rig, "explain", "w-17", "--at", "tomorrow")
    assert (wrong.exit_code, "is no time" in _words(wrong)) == (2, True)


def test_fail__no_lists_yet(rig: Rig) -> None:
    result = _command(rig, "explain", "w-1")
    assert result.exit_code == 1
    assert "there is no roster from HQ yet" in _words(result)
    assert "these are the defaults" in _words(_command(rig, "show"))


CONTRADICTORY = """
[[policies]]
site_id = "site-1"
roster_stale_after_h = 48
roster_expired_after_h = 24
risk_stale_after_h = 100
time_zone = "Mars/Base"
two_person = true
occupancy_max = 1
temperature_required = true
holidays = [{ first = 2026-12-24, last = 2026-12-27 }, { first = 2026-12-25, last = 2026-12-25 }]
risk_rules = [{ list_name = "a", action = "hold" }, { list_name = "a", action = "deny" }]
factors = [{ any_of = [["card"]] }, { periods = [{ since = 07:00:00, until = 19:00:00 }], any_of = [["card"]] }]
"""
REASONS = (
    "the roster would expire after 24 h, before it is stale after 48 h",
    "the risk would expire after 72 h, before it is stale after 100 h",
    "time_zone 'Mars/Base' is no IANA time zone known here",
    "two holidays overlap: 2026-12-24 to 2026-12-27 and 2026-12-25 to 2026-12-25",
    "temperature_required needs temperature_max_c",
    "two_person admits people in pairs, but occupancy_max is 1",
    "two risk rules for the list 'a'",
    "the last factor rule must hold at any time",
    "factor rule 1 holds at any time: the rules after it never apply",
)


def _refused(folder: Path, text: str) -> str:
    file = folder / "rules.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ImportRefused) as caught:
        read_import(file)
    return str(caught.value)


def test_fail__a_contradictory_policy_is_refused_with_all_reasons_at_once(tmp_path: Path) -> None:
    text = _refused(tmp_path, CONTRADICTORY)
    assert f"{len(REASONS)} problem(s)" in text
    for reason in REASONS:
        assert f"  - policies.0: {reason}" in text


def test_fail__wrong_values_misspelt_keys_and_contradictions_are_told_together(tmp_path: Path) -> None:
    text = _refused(
        tmp_path,
        """
[[policies]]
site_id = "site-1"
occupancy_max = 0
list_version = 7
working_hours = [{ since = 07:00:00, untill = 19:00:00 }, { since = "07:00Z" }]
temperature_required = true
factors = [{ any_of = [["face"]] }]
[[workers]]
worker_id = "w-1"
employerr = "north-build"
""",
    )
    for line in (
        "workers.0.employerr: unknown key; did you mean 'employer'?",
        "policies.0.working_hours.0.untill: unknown key; did you mean 'until'?",
        "policies.0.working_hours.1: since and until are in the site's own time",
        "policies.0.occupancy_max: Input should be greater than or equal to 1",
        "policies.0.factors.0: the face may not be the only way in",
        "policies.0: temperature_required needs temperature_max_c",
    ):
        assert f"  - {line}" in text
    assert "list_version: HQ sets this itself" in _refused(
        tmp_path, '[[policies]]\nsite_id = "site-1"\nlist_version = 7\n'
    )


def test_fail__a_contradictory_policy_that_comes_all_the_same_is_refused_by_the_gate(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.hq()
    rig.sync()
    _imported(
        rig, '[[policies]]\nsite_id = "site-1"\noccupancy_max = 9\n[[workers]]\nworker_id = "w-1"\nsites = ["site-1"]\n'
    )
    roster = _arrived(rig)

    class Careless(PolicySnapshot):
        @classmethod
        def model_validate(cls, obj: Any, **_: Any) -> PolicySnapshot:  # type: ignore[override]
            return PolicySnapshot.model_construct(**{**obj, "two_person": True, "occupancy_max": 1, "time_zone": "X/Y"})

    monkeypatch.setattr("hq.lists.site_lists.PolicySnapshot", Careless)
    rig.publisher(rig.store()).publish("site-1", ListKind.POLICY)
    wait_until(lambda: (roster.refresh(), roster.incidents())[1], "the refusal")
    (incident,) = roster.incidents()
    assert incident.code is NoticeCode.LIST_REFUSED
    assert "time_zone 'X/Y'" in incident.detail
    assert "occupancy_max is 1" in incident.detail
    assert roster.state.policy is not None
    assert (roster.state.policy.list_version, roster.state.policy.occupancy_max) == (1, 9)  # the last good one stays
