"""Decide whether a person may pass. Pure: the same inputs always give the same decision.

No input raises an exception. What cannot be decided is refused with a reason, and the gate stays locked.
"""

from collections.abc import Iterator
from dataclasses import replace

from contract.messages import Advice, ListKind, Reason
from contract.policy import Factor
from edge.core.decision.case import DecisionCase, RuleFinding, RuleVerdict, not_asked
from edge.core.decision.table import RULES, Leaving, Rule
from edge.core.decision.worker_rules import listed
from edge.core.domain import Circumstances, Claim, Decision, Identification, RosterState, Sight, Worker

ALERTS_MAX = 20


def decide(seen: Identification, claim: Claim, state: RosterState, at: Circumstances) -> Decision:
    """Decide on one person, by the identification, the claim, and HQ's lists and policy in `state`."""
    case = DecisionCase.of(seen, claim, state, at)
    alerts: list[str] = []
    for rule, finding in examine(case):
        if finding.verdict is RuleVerdict.REFUSES:
            return _decision(case, finding.reason, finding.advice, finding.given)
        if finding.verdict is RuleVerdict.NOTES:
            alerts.append(f"{rule.name}: {finding.given}"[:500])
    return replace(_decision(case, Reason.GRANTED, Advice.WALK_THROUGH, ""), alerts=tuple(alerts[:ALERTS_MAX]))


def admit_by_guard(
    worker_id: str | None, words: str, state: RosterState, at: Circumstances, *, visitor: bool = False
) -> Decision:
    """Decide on a guard's admission. It overrides every rule except a risk list that denies entry.

    A list that holds, or alerts, is noted. `words`: who admits, and why. `visitor`: the id is a registered visitor's.
    """
    claim = Claim(worker_id, frozenset({Factor.GUARD}), visitor=visitor)
    case = DecisionCase.of(Identification(Sight.NOBODY), claim, state, at)
    admitted = replace(_decision(case, Reason.MANUAL_ADMIT, Advice.WALK_THROUGH, words), worker_id=worker_id)
    if worker_id is None:
        return admitted
    found = listed(case, case.worker or Worker(worker_id))
    if found.verdict is RuleVerdict.REFUSES and not case.leaving:
        return replace(_decision(case, found.reason, found.advice, f"{words}; {found.given}"), worker_id=worker_id)
    if ListKind.RISK in state.withheld:
        return replace(admitted, alerts=("risk list: the one here is withheld, so nobody was checked against it",))
    if found.verdict is RuleVerdict.FINE:
        return admitted
    return replace(admitted, alerts=(f"risk list: {found.given}"[:500],))


def examine(case: DecisionCase) -> Iterator[tuple[Rule, RuleFinding]]:
    """Yield every rule with its finding, in order, also beyond the first refusal."""
    for rule in RULES:
        yield rule, _ask(rule, case)


def _ask(rule: Rule, case: DecisionCase) -> RuleFinding:
    if case.leaving and rule.leaving is Leaving.NOT_ASKED:
        return not_asked("on the way out")
    if case.claim.visitor and not rule.visitors:
        return not_asked("a visitor")
    finding = rule.look(case)
    if case.leaving and rule.leaving is Leaving.NOTED and finding.verdict is RuleVerdict.REFUSES:
        return RuleFinding(RuleVerdict.NOTES, finding.given)
    return finding


def _decision(case: DecisionCase, reason: Reason | None, advice: Advice | None, detail: str) -> Decision:
    seen = case.identification
    candidate, worker = seen.candidate, case.worker
    return Decision(
        reason=reason or Reason.NO_DECISION,
        advice=advice or Advice.SEE_DESK,
        worker_id=None if reason is Reason.UNKNOWN else case.worker_id,
        score=candidate.score if candidate else None,
        threshold=seen.threshold,
        frames=seen.frames,
        liveness=seen.liveness,
        roster_tier=case.roster_tier,
        risk_tier=case.risk_tier,
        presence_version=case.at.presence_version,
        factors=case.claim.factors | ({Factor.FACE} if case.seen else set()),
        temperature_c=case.temperature_c,
        slow=worker.slow if worker else False,
        detail=detail[:500],
    )
