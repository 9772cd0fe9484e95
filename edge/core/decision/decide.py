"""Decide whether a person may pass. Pure: the same inputs always give the same decision.

No input raises an exception. What cannot be decided is refused with a reason, and the gate stays locked.
"""

from collections.abc import Iterator
from dataclasses import replace

from contract.messages import Advice, Reason
from edge.core.decision.case import DecisionCase, RuleFinding, RuleVerdict, decision_of, not_asked
from edge.core.decision.table import RULES, Leaving, Rule
from edge.core.domain import Circumstances, Claim, Decision, Identification, RosterState

ALERTS_MAX = 20


def decide(seen: Identification, claim: Claim, state: RosterState, at: Circumstances) -> Decision:
    """Decide on one person, by the identification, the claim, and HQ's lists and policy in `state`."""
    case = DecisionCase.of(seen, claim, state, at)
    alerts: list[str] = []
    for rule, finding in examine(case):
        if finding.verdict is RuleVerdict.REFUSES:
            return decision_of(case, finding.reason, finding.advice, finding.given)
        if finding.verdict is RuleVerdict.NOTES:
            alerts.append(f"{rule.name}: {finding.given}"[:500])
    return replace(decision_of(case, Reason.GRANTED, Advice.WALK_THROUGH, ""), alerts=tuple(alerts[:ALERTS_MAX]))


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
