"""`sitegate policy`: the rules in force, and what each rule says about one worker."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.text import Text

from common.terminal.console import Table, styled
from contract.messages import Direction, LivenessVerdict, NoticeCode, PolicySnapshot
from contract.policy import Factor, zone_named
from contract.signing import BadKey
from edge.app.roster import open_roster
from edge.app.site_presence import open_presence
from edge.commands.common import (
    DEFAULT_CONFIG,
    EXIT_USAGE,
    ConfigOption,
    JsonOption,
    err,
    example,
    fail,
    load_config,
    out,
)
from edge.core.config import Config
from edge.core.decision import DecisionCase, Rule, RuleFinding, RuleVerdict, decide, examine, policy_of
from edge.core.domain import Candidate, Circumstances, Claim, Decision, Identification, RosterState, Sight
from edge.system.clock import SystemClock

app = typer.Typer(no_args_is_help=True, help="Show the rules in force, and explain a decision.")

_COLOURS = {
    RuleVerdict.FINE: "green",
    RuleVerdict.NOTES: "yellow",
    RuleVerdict.REFUSES: "red",
    RuleVerdict.NOT_ASKED: "dim",
}


@app.command(epilog=example("sitegate policy show", "sitegate policy show --json"))
def show(config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Show the site's policy, as HQ signed it, and which limits differ from the defaults."""
    loaded = load_config(config)
    state = _state(loaded)
    policy = policy_of(state, loaded.site.site_id, SystemClock().utc())
    if as_json:
        out.print_json(policy.model_dump_json())
        return
    if state.policy is None:
        out.print(styled(("no policy from HQ yet:", "yellow"), " these are the defaults"))
    else:
        out.print(f"policy version {policy.list_version}, issued {policy.issued_utc:%Y-%m-%d %H:%M} UTC")
    table = Table("rule", "value", "", box=None)
    for name, value in policy.model_dump(mode="json").items():
        if name not in ("version", "type", "site_id", "list_version", "issued_utc"):
            field = PolicySnapshot.model_fields[name]
            changed = "" if getattr(policy, name) == field.default else "changed"
            table.add_row(name, json.dumps(value, ensure_ascii=False), changed)
    out.print(table)


@app.command(
    epilog=example("sitegate policy explain w-17", "sitegate policy explain w-17 --at 2026-12-24T07:30 --factor card")
)
def explain(
    worker: Annotated[str, typer.Argument(help="Worker id.")],
    config: ConfigOption = DEFAULT_CONFIG,
    at: Annotated[
        str, typer.Option("--at", help="When, such as 2026-12-24T07:30 in the site's own time; now if left out.")
    ] = "",
    direction: Annotated[
        Direction | None, typer.Option(help="Coming in or going out; this gate's way if left out.")
    ] = None,
    factor: Annotated[list[Factor] | None, typer.Option(help="What is shown; may be repeated.")] = None,
    temperature: Annotated[float | None, typer.Option(help="Body temperature read, °C.")] = None,
    partner: Annotated[str | None, typer.Option(help="Another entitled worker who waits (two-person rule).")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show for every rule, in order, what it looks at and what it says about this worker.

    Nothing is opened or recorded.
    """
    loaded = load_config(config)
    state, clock = _state(loaded), SystemClock()
    _check_known(state, worker)
    now = _time(at, policy_of(state, loaded.site.site_id, clock.utc())) if at else clock.utc()
    here = replace(
        _circumstances(loaded, worker, now, policy_of(state, loaded.site.site_id, now)),
        direction=direction or loaded.site.direction,
        temperature_c=temperature,
        partner=partner,
    )
    seen, claim = _shown(worker, frozenset(factor or [Factor.FACE]), state, loaded)
    case, decision = DecisionCase.of(seen, claim, state, here), decide(seen, claim, state, here)
    rows = list(examine(case))
    if as_json:
        out.print_json(json.dumps(_as_json(case, rows, decision)))
        return
    table = Table("", "rule", "looks at", "says", box=None)
    decisive = next((finding for _, finding in rows if finding.verdict is RuleVerdict.REFUSES), None)
    for number, (rule, finding) in enumerate(rows, 1):
        style = "bold" if finding is decisive else None
        table.add_row(str(number), rule.name, finding.given, _says(finding), style=style)
    out.print(table)
    way = "coming in" if here.direction is Direction.IN else "going out"
    answer = f"{decision.reason}; next step: {decision.advice}"
    out.print()
    out.print(styled(f"{worker}, {way} at {now:%Y-%m-%d %H:%M} UTC: ", (answer, "bold")), soft_wrap=True)
    out.print(_supposed(here), style="dim", highlight=False)


def _circumstances(config: Config, worker: str, now: datetime, policy: PolicySnapshot) -> Circumstances:
    """The gate's circumstances: direction, clock, and who is inside."""
    clock = SystemClock()
    presence = open_presence(config, clock)
    version = presence.follow(policy.presence_max_age_s)
    found = Circumstances(
        site_id=config.site.site_id,
        direction=config.site.direction,
        now=now,
        clock_trusted=clock.trusted(),
        must_be_live=config.liveness.must_be_live,
        inside=presence.inside(now - timedelta(hours=policy.anti_passback_forgets_after_h)),
        presence_version=version,
        last_passage=presence.last_passage(worker),
        area=config.site.area,
    )
    presence.close()
    return found


def _check_known(state: RosterState, worker: str) -> None:
    if not state.roster.version:
        raise fail("there is no roster from HQ yet: see `sitegate roster status` and `sitegate check`")
    if worker not in state.workers:
        raise fail(
            f"worker {worker!r} is not among the {len(state.workers)} workers of roster version {state.roster.version}: "
            "see `sitegate roster list`"
        )


def _time(text: str, policy: PolicySnapshot) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise fail(
            f"--at {text!r} is no time: write it like 2026-12-24T07:30, or with a zone like …+08:00", EXIT_USAGE
        ) from error
    local = time if time.tzinfo else time.replace(tzinfo=zone_named(policy.time_zone) or UTC)
    try:
        return local.astimezone(UTC)
    except OverflowError as error:
        raise fail(f"--at {text!r} lies outside the years 1 to 9999", EXIT_USAGE) from error


def _shown(worker: str, factors: frozenset[Factor], state: RosterState, config: Config) -> tuple[Identification, Claim]:
    """Genuine credentials for the factors; a face among them is recognised, and live if the policy asks."""
    others = factors - {Factor.FACE}
    claim = Claim(worker, others) if others else Claim()
    if Factor.FACE not in factors:
        return Identification(Sight.NOBODY), claim
    live = LivenessVerdict.LIVE if config.liveness.must_be_live else LivenessVerdict.NOT_CHECKED
    candidate, other = Candidate(worker, 1.0), _look_alike(worker, state, config)
    return Identification(Sight.KNOWN, candidate=candidate, look_alike=other, liveness=live), claim


def _look_alike(worker: str, state: RosterState, config: Config) -> str | None:
    from edge.matcher import ModelError
    from edge.matcher.gallery.look_alikes import marked

    try:
        found = marked(state.templates, config.matcher).get(worker)
    except ModelError as error:
        err.print(styled(("look-alikes are not known:", "yellow"), f" {error}"))
        return None
    return found.worker_id if found else None


def _state(config: Config) -> RosterState:
    try:
        reader = open_roster(config)
    except BadKey as error:
        raise fail(str(error), EXIT_USAGE) from error
    reader.refresh()
    if reader.trouble:
        raise fail(reader.trouble)
    for incident in reader.incidents():
        if incident.code is NoticeCode.LIST_REFUSED:  # Other incidents are not about lists. The journal has them.
            err.print(styled(("refused:", "yellow"), f" {incident.detail}"))
    reader.close()
    return reader.state


def _says(finding: RuleFinding) -> Text:
    answer = f": {finding.reason}, {finding.advice}" if finding.reason else ""
    return styled((f"{finding.verdict}{answer}", _COLOURS[finding.verdict]))


def _supposed(at: Circumstances) -> str:
    last = f"{at.last_passage.direction} {at.last_passage.utc:%Y-%m-%d %H:%M} UTC" if at.last_passage else "none"
    return (
        f"Supposed: what is shown is genuine, a face recognised{' and live' if at.must_be_live else ''}, no lock-down. "
        f"By {'all gates' if at.presence_version else 'this gate alone'}: {at.inside} inside, last passage {last}."
    )


def _as_json(case: DecisionCase, rows: list[tuple[Rule, RuleFinding]], decision: Decision) -> dict[str, Any]:
    return {
        "worker_id": case.worker_id,
        "at_utc": case.at.now.isoformat(),
        "direction": case.at.direction.value,
        "roster_version": case.state.roster.version,
        "risk_version": case.state.risk.version,
        "policy_version": case.state.policy_age.version,
        "reason": decision.reason.value,
        "advice": decision.advice.value,
        "alerts": decision.alerts,
        "rules": [
            {
                "rule": rule.name,
                "input": finding.given,
                "verdict": finding.verdict.value,
                "reason": finding.reason and finding.reason.value,
                "advice": finding.advice and finding.advice.value,
            }
            for rule, finding in rows
        ],
    }
