"""Rules about the worker and their papers. Each is asked only for a known worker."""

from datetime import timedelta

from contract.messages import Advice, LivenessVerdict, PolicySnapshot, Reason, RiskEntry
from contract.names import matched
from contract.policy import Factor, RiskAction
from edge.core.decision.case import DecisionCase, RuleFinding, fine, not_asked, notes, refuses
from edge.core.decision.identity_rules import CLOCK_SLACK, clock_plausible
from edge.core.domain import Worker

_SEVERITY = (RiskAction.ADMIT_AND_ALERT, RiskAction.HOLD, RiskAction.DENY)


def listed(case: DecisionCase, worker: Worker) -> RuleFinding:
    """Apply the severest of several lists; the others are named too."""
    held = case.state.risks.get(worker.worker_id, ())
    names = sorted(entry.list_name for entry in held if _applies(entry, case))
    if not names:
        return fine("on no list")
    found = {name: _action(case.policy, name) for name in names}
    action = max(found.values(), key=_SEVERITY.index)
    given = ", ".join(f"{name}: {found[name].value}" for name in names)
    if action is RiskAction.ADMIT_AND_ALERT:
        return notes(given)
    if action is RiskAction.HOLD and Factor.GUARD in case.factors:
        return notes(f"{given}; admitted by a guard")
    return refuses(Reason.RISK_HOLD, Advice.SEE_DESK, given)


def _applies(entry: RiskEntry, case: DecisionCase) -> bool:
    """Tell whether an entry holds now. With a clock that may be wrong it does: that is the safe side."""
    if not clock_plausible(case):
        return True
    begun = entry.valid_from_utc is None or entry.valid_from_utc <= case.at.now
    return begun and (entry.valid_until_utc is None or case.at.now < entry.valid_until_utc)


def _action(policy: PolicySnapshot, name: str) -> RiskAction:
    """Return what the policy says of this list: the severest of several rules, `hold` without a rule."""
    actions = [rule.action for rule in policy.risk_rules if matched(rule.list_name) == matched(name)]
    return max(actions, key=_SEVERITY.index, default=RiskAction.HOLD)


def look_alike(case: DecisionCase, worker: Worker) -> RuleFinding:
    other = case.identification.look_alike if case.seen else None
    if other is None:
        return fine("none")
    given = f"looks like {other}"
    if not case.policy.look_alike_second_factor:
        return not_asked(f"{given}; the policy asks for no second factor")
    if further := case.factors - {Factor.FACE}:
        return fine(f"{given}; also shown: {' and '.join(sorted(further))}")
    return refuses(Reason.SECOND_FACTOR, step_to_show(case), given)


def step_to_show(case: DecisionCase) -> Advice:
    """Ask for another credential than the face, if the policy knows any that can be shown."""
    known = {factor for rule in case.policy.factors for combination in rule.any_of for factor in combination}
    return Advice.SHOW_CODE_OR_CARD if known & {Factor.CODE, Factor.CARD} else Advice.SEE_DESK


def live(case: DecisionCase, worker: Worker) -> RuleFinding:
    verdict = case.identification.liveness
    if case.seen is None or not case.at.must_be_live:
        return not_asked(verdict.value)
    if verdict is LivenessVerdict.LIVE:
        return fine(verdict.value)
    if verdict is LivenessVerdict.NOT_CHECKED and case.claim.worker_id:
        return fine("not checked: the face does not count, what was shown does")
    return refuses(Reason.LIVENESS_DOUBT, Advice.SEE_DESK, verdict.value)


def this_site(case: DecisionCase, worker: Worker) -> RuleFinding:
    given = "may enter " + (", ".join(sorted(worker.sites)) or "no site")
    return fine(given) if case.at.site_id in worker.sites else refuses(Reason.NOT_THIS_SITE, Advice.SEE_DESK, given)


def active(case: DecisionCase, worker: Worker) -> RuleFinding:
    today = case.local.date()
    if not worker.active:
        return refuses(Reason.NOT_ACTIVE, Advice.SEE_DESK, "suspended")
    if worker.valid_from and today < worker.valid_from:
        return refuses(Reason.NOT_ACTIVE, Advice.SEE_DESK, f"active from {worker.valid_from}")
    if worker.valid_until and today > worker.valid_until:
        return refuses(Reason.NOT_ACTIVE, Advice.SEE_DESK, f"active until {worker.valid_until}")
    return fine(f"active from {worker.valid_from or 'ever'} until {worker.valid_until or 'further notice'}")


def employer(case: DecisionCase, worker: Worker) -> RuleFinding:
    return _admitted(worker.employer, case.policy.employers, Reason.EMPLOYER_NOT_ADMITTED)


def trade(case: DecisionCase, worker: Worker) -> RuleFinding:
    return _admitted(worker.trade, case.policy.trades, Reason.TRADE_NOT_ADMITTED)


def _admitted(name: str | None, admitted: tuple[str, ...], reason: Reason) -> RuleFinding:
    given = name or "none on record"
    if not admitted:
        return not_asked(f"{given}; the policy admits all")
    # A blank name matches nothing: a blank in the policy must not admit workers without an employer.
    known = matched(name or "")
    return fine(given) if known and known in map(matched, admitted) else refuses(reason, Advice.SEE_DESK, given)


def training(case: DecisionCase, worker: Worker) -> RuleFinding:
    until = worker.training_valid_until
    given = f"valid until {until}" if until else "no training on record"
    if not case.policy.training_required:
        return not_asked(given)
    if until is None or case.local.date() > until:
        return refuses(Reason.TRAINING_LAPSED, Advice.RENEW_TRAINING, given)
    return fine(given)


def declaration(case: DecisionCase, worker: Worker) -> RuleFinding:
    declared, hours = worker.declared_utc, case.policy.declaration_valid_h
    given = f"declared {declared:%Y-%m-%d %H:%M} UTC" if declared else "no declaration on record"
    if hours is None:
        return not_asked(given)
    old = case.at.now - declared if declared else None
    if old is None or not -CLOCK_SLACK <= old <= timedelta(hours=hours):
        return refuses(Reason.DECLARATION_NEEDED, Advice.DECLARE_HEALTH, f"{given}; valid for {hours:g} h")
    return fine(f"{given}; valid for {hours:g} h")


def temperature(case: DecisionCase, worker: Worker) -> RuleFinding:
    reading, most = case.temperature_c, case.policy.temperature_max_c
    if most is None:
        return not_asked("no reading" if reading is None else f"{reading:.1f} °C")
    if reading is None and case.policy.temperature_required:
        return refuses(Reason.NO_DECISION, Advice.SEE_DESK, "no temperature reading, and the policy demands one")
    if reading is None:
        return notes("no temperature reading")
    given = f"{reading:.1f} °C, at most {most:.1f} °C"
    return fine(given) if reading <= most else refuses(Reason.TEMPERATURE_HIGH, Advice.SEE_DESK, given)
