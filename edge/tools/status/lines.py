"""Judge the facts: one line for each subject, with its state and the next step. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from common.check_result import CheckResult, CheckState
from contract.messages import DECISION_LISTS, DataTier, DiskStep, ListKind
from edge.core.config import Config
from edge.core.domain import LiveState
from edge.core.passage import PassageState
from edge.tools.status.facts import GateFacts

SILENT_AFTER = timedelta(seconds=5)
"""The gate writes its live state at least every second."""
HOT_C = 80.0
"""A Raspberry Pi slows down from here on."""
OK, WARNING, PROBLEM = CheckState.OK, CheckState.WARNING, CheckState.PROBLEM

_STATES = {
    PassageState.LOCKDOWN: (WARNING, "release it at the guard's page, or by HQ's order"),
    PassageState.HELD_OPEN: (WARNING, "close the door"),
    PassageState.FORCED_OPEN: (PROBLEM, "see who opened it, and close it"),
    PassageState.FIRE: (PROBLEM, "the fire panel reports a fire: the gate stands open"),
    PassageState.FIRE_OVER: (PROBLEM, "turn the key switch to lock the gate again"),
}
"""States that a person must act on."""
_TIERS = {DataTier.FRESH: OK, DataTier.STALE: WARNING, DataTier.EXPIRED: PROBLEM}


def status_lines(facts: GateFacts, config: Config) -> list[CheckResult]:
    """Return everything about this gate, the most important first."""
    live = facts.live
    lines = [CheckResult("files", PROBLEM, text, "run it with sudo") for text in facts.trouble]
    if live is None or abs(facts.now - live.utc) > SILENT_AFTER:
        lines.append(_silent(live, facts.now))
    else:
        lines += _of_gate(live, facts)
    lines += [*_lists(live, facts), *_names(facts), _link(facts), *_machine(live, facts, config), *_newest(facts)]
    return lines


def worst(lines: list[CheckResult]) -> CheckState:
    """Return the gravest state among the lines."""
    states = {line.state for line in lines}
    return next((state for state in (PROBLEM, WARNING) if state in states), OK)


def span(age: timedelta) -> str:
    """Return a length of time in words: 40 s, 12 min, 5.5 h, 3.2 days."""
    seconds = abs(age.total_seconds())
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def _silent(live: LiveState | None, now: datetime) -> CheckResult:
    if live is None:
        detail = "not running: it has never written here"
    elif live.utc > now + SILENT_AFTER:
        detail = f"its last sign of life is {span(live.utc - now)} in the future: was the clock set back?"
    else:
        detail = f"not running, silent for {span(now - live.utc)}: the turnstile is locked"
    return CheckResult(
        "gate", PROBLEM, detail, "sudo systemctl start sitegate.target; why: journalctl -u sitegate-gate -e"
    )


def _of_gate(live: LiveState, facts: GateFacts) -> Iterator[CheckResult]:
    """Judge what the gate process says of itself."""
    named = live.gate_state if isinstance(live.gate_state, PassageState) else None
    state, todo = _STATES.get(named, (OK, "")) if named else (OK, "")
    words = str(live.gate_state).replace("_", " ")
    turn = f", {facts.turn_ms:.0f} ms a turn" if facts.turn_ms is not None else ""
    detail = f"{words}; running for {span(timedelta(seconds=live.uptime_s))}, {live.passages} passed{turn}"
    yield CheckResult("gate", state, detail, todo)
    if live.camera_ok:
        yield CheckResult("camera", OK, f"{live.frames_per_s:.1f} frames a second")
    else:
        yield CheckResult(
            "camera", PROBLEM, live.camera_detail or "no picture", "check cable and [camera]; cards and codes go on"
        )
    yield _recognition(live)
    if not live.clock_trusted or live.clock_behind:
        why = "behind a time it showed before" if live.clock_behind else "not trusted: the gate admits nobody"
        yield CheckResult("clock", PROBLEM, why, "see sitegate check")
    if live.disk is not None:
        left = f", full in {live.disk.days_left:.0f} days" if live.disk.days_left is not None else ""
        step = {DiskStep.OK: OK, DiskStep.LOW: WARNING}.get(live.disk.step, PROBLEM)
        yield CheckResult(
            "disk",
            step,
            f"{live.disk.free_mb:.0f} MB free{left}",
            "" if step is OK else "free space; see sitegate check",
        )


def _recognition(live: LiveState) -> CheckResult:
    threshold = f", threshold {live.threshold:.3f}" if live.threshold is not None else ""
    detail = f"{live.gallery_size} templates{threshold}"
    basis = live.recognition
    if not live.gallery_size:
        return CheckResult("recognition", WARNING, "no templates: nobody is known by face", "wait for HQ's roster")
    if basis is not None and basis.alarms:
        return CheckResult("recognition", WARNING, f"{detail}; changed: {', '.join(basis.alarms)}", "sitegate check")
    return CheckResult("recognition", OK, detail)


def _lists(live: LiveState | None, facts: GateFacts) -> Iterator[CheckResult]:
    """Judge each list by the tier that the gate gives it; without the gate its age is shown alone."""
    tiers = {ListKind.ROSTER: live.roster_tier, ListKind.RISK: live.risk_tier} if live else {}
    refused = live.lists_refused if live else {}
    for kind in DECISION_LISTS:
        held, tier = facts.summary.lists.get(kind), tiers.get(kind)
        name = f"{kind.value} list" if kind is not ListKind.POLICY else "policy"
        if held is None:
            yield CheckResult(name, PROBLEM, "none yet", "start sitegate sync and wait for HQ, or ask HQ to publish")
            continue
        detail = f"version {held.version}, {span(facts.now - held.issued_utc)} old"
        if kind in refused:
            todo = "see sitegate check: sudo sitegate roster accept --why …"
            yield CheckResult(name, PROBLEM, f"{detail}; not used, version {refused[kind]} was in force here", todo)
            continue
        state = _TIERS[tier] if tier is not None else OK
        words = f", {tier.value}" if tier is not None else ""
        yield CheckResult(name, state, f"{detail}{words}", "" if state is OK else "bring back the connection to HQ")


def _names(facts: GateFacts) -> Iterator[CheckResult]:
    """Judge the list of names. A gate without one shows ids, as it may."""
    held = facts.summary.lists.get(ListKind.DIRECTORY)
    if held is None:
        return
    detail = f"version {held.version}, {span(facts.now - held.issued_utc)} old"
    if facts.names_refused:
        todo = "why: the technician's page, or journalctl -u sitegate-screen | grep directory_refused"
        yield CheckResult("names", WARNING, f"{detail}; here and not used", todo)
    else:
        yield CheckResult("names", OK, detail)


def _link(facts: GateFacts) -> CheckResult:
    link, ack = facts.summary.link, facts.summary.ack
    waiting = f"{facts.unsent} events not acknowledged"
    if not facts.sync_runs:
        return CheckResult(
            "HQ",
            WARNING,
            f"the sync process does not run; {waiting}",
            "journalctl -u sitegate-sync -e; the gate works on",
        )
    if link is None or not link.connected:
        why = f" ({link.detail})" if link is not None and link.detail else ""
        since = f" for {span(facts.now - link.since_utc)}" if link is not None else ""
        todo = "the gate works on; check broker, network, [sync]"
        return CheckResult("HQ", WARNING, f"not connected{since}{why}; {waiting}", todo)
    heard = f", last acknowledgement {span(facts.now - ack.received_utc)} ago" if ack is not None else ""
    detail = f"connected for {span(facts.now - link.since_utc)}; {waiting}{heard}"
    if link.detail:
        return CheckResult("HQ", WARNING, f"{detail}; {link.detail}", "sitegate check tries every topic")
    if link.hq_online is False:
        return CheckResult("HQ", WARNING, f"the broker is there, HQ is not; {waiting}", "start HQ; the gate works on")
    return CheckResult("HQ", OK, detail)


def _machine(live: LiveState | None, facts: GateFacts, config: Config) -> Iterator[CheckResult]:
    if facts.screen_answers is False:
        where = f"{config.screen.host}:{config.screen.port}"
        todo = "journalctl -u sitegate-screen -e; the gate works on"
        yield CheckResult("screen", WARNING, f"no answer at {where}", todo)
    elif facts.screen_answers:
        yield CheckResult("screen", OK, f"answers at http://{config.screen.host}:{config.screen.port}/")
    memory = f", the gate process has {live.memory_mb:.0f} MB" if live is not None else ""
    if facts.cpu_c is not None:
        hot = facts.cpu_c >= HOT_C
        todo = "give it air and shade: a hot computer works slowly" if hot else ""
        yield CheckResult("machine", WARNING if hot else OK, f"{facts.cpu_c:.0f} °C{memory}", todo)
    elif live is not None:
        yield CheckResult("machine", OK, f"no temperature sensor{memory}")


def _newest(facts: GateFacts) -> Iterator[CheckResult]:
    for event in facts.newest[:1]:
        yield CheckResult("journal", OK, f"{facts.head} events, the newest {span(facts.now - event.utc)} ago")
