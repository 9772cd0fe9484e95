"""Rules about the hour, the site and the factors, for a known worker."""

from datetime import timedelta

from contract.messages import Advice, Direction, Reason
from contract.policy import AntiPassback, Factor, FactorRule
from edge.core.decision.case import DecisionCase, RuleFinding, fine, not_asked, notes, refuses
from edge.core.decision.hours import holds, in_words, moment, open_at, plan_of, site_time
from edge.core.domain import Sight, Worker

_ORDER = (Factor.CODE, Factor.CARD, Factor.PIN, Factor.FACE, Factor.GUARD)
"""Order in which factors are asked for: a PIN needs a known worker first."""


def working_hours(case: DecisionCase, worker: Worker) -> RuleFinding:
    policy, local = case.policy, case.local
    if not policy.working_hours and not policy.holidays:
        return not_asked(f"{moment(local)}; open at any time")
    given = f"{moment(local)}; plan: {in_words(plan_of(policy, local.date()))}"
    return fine(given) if open_at(policy, local) else refuses(Reason.OUTSIDE_HOURS, Advice.COME_IN_HOURS, given)


def passback(case: DecisionCase, worker: Worker) -> RuleFinding:
    """Refuse a second entry without an exit, or a second exit without an entry.

    Always for a visitor's badge: a photo of it must not admit a second person.
    """
    last = case.at.last_passage
    mode = AntiPassback.HARD if case.claim.visitor else case.policy.anti_passback
    given = (
        f"last {last.direction.value} {moment(site_time(last.utc, case.policy))}" if last else "no passage on record"
    )
    if mode is AntiPassback.OFF:
        return not_asked(given)
    forgets = timedelta(hours=case.policy.anti_passback_forgets_after_h)
    if last is None or last.direction is not case.at.direction or case.at.now - last.utc > forgets:
        return fine(given)
    where = "inside" if last.direction is Direction.IN else "outside"
    given = f"is {where} {case.at.area} already: {given}{_by(case)}".replace("  ", " ")
    return notes(given) if mode is AntiPassback.SOFT else refuses(Reason.PASSBACK, Advice.SEE_DESK, given)


def _by(case: DecisionCase) -> str:
    return " by the passages of all gates" if case.at.presence_version else ""


def factors(case: DecisionCase, worker: Worker) -> RuleFinding:
    rule = next((r for r in case.policy.factors if not r.periods or holds(r.periods, case.local)), None)
    if rule is None:  # only in an unchecked policy: HQ and the gate refuse one without a rule for all times
        return refuses(Reason.SECOND_FACTOR, Advice.SEE_DESK, "the policy has no factor rule for this time")
    have = case.factors
    given = f"shown: {_words(have) or 'nothing that counts'}; asked for: {_choices(rule)}"
    if any(have.issuperset(combination) for combination in rule.any_of):
        return fine(given)
    return refuses(Reason.SECOND_FACTOR, _next_step(case, rule, have), given)


def _next_step(case: DecisionCase, rule: FactorRule, have: frozenset[Factor]) -> Advice:
    """Return the next step for the combination with the fewest missing factors. Combinations that cannot be
    completed here are left out."""
    hopeless = {Factor.GUARD} | ({Factor.FACE} if _face_is_of_no_use(case) else set())
    possible = [set(combination) for combination in rule.any_of if not (set(combination) - have) & hopeless]
    if not possible:
        return Advice.SEE_DESK
    # On a tie prefer the combination that was begun: after a card the PIN, not the face.
    missing = min(possible, key=lambda combination: (len(combination - have), -len(combination & have))) - have
    first = next(factor for factor in _ORDER if factor in missing)
    steps = {Factor.PIN: Advice.ENTER_PIN, Factor.FACE: Advice.LOOK_TOO}
    return steps.get(first, Advice.SHOW_CODE_OR_CARD)


def _face_is_of_no_use(case: DecisionCase) -> bool:
    """Return True if the face was examined long enough, and belongs to no worker."""
    return case.identification.sight is Sight.UNKNOWN


def _choices(rule: FactorRule) -> str:
    return " or ".join("+".join(combination) for combination in rule.any_of)


def _words(found: frozenset[Factor]) -> str:
    return "+".join(factor for factor in _ORDER if factor in found)


def occupancy(case: DecisionCase, worker: Worker) -> RuleFinding:
    most = case.policy.occupancy_max
    inside = f"{case.at.inside} inside{_by(case)}"
    if most is None:
        return not_asked(inside)
    alone = case.policy.two_person and case.at.partner in (None, worker.worker_id)
    places = 2 if alone else 1
    given = f"{inside}, at most {most}"
    return fine(given) if case.at.inside + places <= most else refuses(Reason.SITE_FULL, Advice.WAIT, given)


def gear(case: DecisionCase, worker: Worker) -> RuleFinding:
    """Advise only: never refuses."""
    missing = case.at.gear_missing
    given = "not measured" if missing is None else f"missing: {', '.join(missing)}" if missing else "complete"
    if not case.policy.protective_gear_advice or missing is None:
        return not_asked(given)
    return notes(given) if missing else fine(given)


def two_person(case: DecisionCase, worker: Worker) -> RuleFinding:
    partner = case.at.partner
    if not case.policy.two_person:
        return not_asked("anybody may come alone")
    if partner is None or partner == worker.worker_id:
        text = f"waits for a second person, at most {case.policy.two_person_within_s:g} s"
        return refuses(Reason.PARTNER_NEEDED, Advice.NEXT_PERSON_TOO, text)
    return fine(f"together with {partner}")
