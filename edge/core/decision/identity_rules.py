"""Rules about the identity, before the worker's papers."""

from datetime import timedelta

from contract.messages import QUALITY_ADVICE, Advice, DataTier, ListKind, Reason
from contract.policy import zone_named
from edge.core.decision.case import DecisionCase, RuleFinding, fine, not_asked, notes, refuses
from edge.core.domain import ListAge, QualityFault, Sight

CLOCK_SLACK = timedelta(minutes=10)
"""A list may be this much ahead of the gate's clock before the clock counts as wrong."""

SIGHTS: dict[Sight, tuple[Reason, Advice]] = {
    Sight.MULTIPLE_FACES: (Reason.MULTIPLE_FACES, Advice.ONE_BY_ONE),
    Sight.LOOKING: (Reason.LOW_QUALITY, Advice.LOOK_AT_CAMERA),
    Sight.NOBODY: (Reason.NO_DECISION, Advice.WAIT),
}
USABLE_REFUSALS: tuple[tuple[Reason, Advice], ...] = (
    SIGHTS[Sight.MULTIPLE_FACES],
    *((Reason.LOW_QUALITY, advice) for advice in QUALITY_ADVICE),
    SIGHTS[Sight.NOBODY],
)
"""All possible refusals of `usable`."""


def advice_for(sight: Sight | QualityFault) -> Advice | None:
    """Return the next step shown before any decision; None if there is none yet."""
    if isinstance(sight, QualityFault):
        return sight.advice
    return SIGHTS[sight][1] if sight is Sight.MULTIPLE_FACES else None


def usable(case: DecisionCase) -> RuleFinding:
    sight = case.identification.sight
    if case.shown:
        return not_asked(f"{sight.value}; something else was shown")
    if isinstance(sight, QualityFault):
        return refuses(Reason.LOW_QUALITY, sight.advice, sight.value)
    return fine(sight.value) if sight not in SIGHTS else refuses(*SIGHTS[sight], sight.value)


def locked_down(case: DecisionCase) -> RuleFinding:
    if case.at.locked_down:
        return refuses(Reason.LOCKED_DOWN, Advice.SEE_DESK, "locked down")
    return fine("not locked down")


def clock_plausible(case: DecisionCase) -> bool:
    """Tell whether the clock is trusted, and not behind the lists."""
    ages = (case.state.roster, case.state.risk, case.state.policy_age)
    ahead = any(age.issued_utc - case.at.now > CLOCK_SLACK for age in ages if age.issued_utc)
    return case.at.clock_trusted and not ahead


def clock(case: DecisionCase) -> RuleFinding:
    given = f"the clock says {case.at.now:%Y-%m-%d %H:%M} UTC"
    if not clock_plausible(case):
        return refuses(Reason.CLOCK_UNTRUSTED, Advice.SEE_DESK, given)
    if zone_named(case.policy.time_zone) is None:
        text = f"this machine does not know the site's time zone {case.policy.time_zone}: install tzdata"
        return refuses(Reason.CLOCK_UNTRUSTED, Advice.SEE_DESK, text)
    return fine(given)


def disk(case: DecisionCase) -> RuleFinding:
    if not case.at.disk_critical:
        return fine("room for events")
    given = "little more than the reserve for events is left on the disk"
    return fine(given) if case.policy.admit_on_low_disk else refuses(Reason.DISK_FULL, Advice.SEE_DESK, given)


def roster_age(case: DecisionCase) -> RuleFinding:
    for kind in (ListKind.ROSTER, ListKind.POLICY):
        if kind in case.state.withheld:
            return _withheld(kind)
    return _age(case, "roster", case.state.roster, case.roster_tier)


def risk_age(case: DecisionCase) -> RuleFinding:
    if ListKind.RISK in case.state.withheld:
        return _withheld(ListKind.RISK)
    return _age(case, "risk list", case.state.risk, case.risk_tier)


def _withheld(kind: ListKind) -> RuleFinding:
    text = f"the {kind.value} here is older than the one in force before: the gate requests it from HQ"
    return refuses(Reason.ROSTER_EXPIRED, Advice.SEE_DESK, text)


def _age(case: DecisionCase, name: str, age: ListAge, tier: DataTier) -> RuleFinding:
    if tier is DataTier.EXPIRED:
        text = f"the {name} has expired" if age.issued_utc else f"there is no {name} yet"
        return refuses(Reason.ROSTER_EXPIRED, Advice.SEE_DESK, text)
    if tier is DataTier.STALE and not case.policy.admit_on_stale:
        text = f"the {name} is stale and the policy admits nobody on it"
        return refuses(Reason.ROSTER_EXPIRED, Advice.SEE_DESK, text)
    return fine(f"version {age.version}, {tier.value}")


def claim(case: DecisionCase) -> RuleFinding:
    shown, seen = case.claim, case.seen
    if not case.shown:
        return not_asked("nothing but the face")
    if shown.refusal:
        leaves_by_face = case.leaving and seen is not None
        return notes(shown.refusal) if leaves_by_face else _refused(shown.refusal)
    words = " and ".join(sorted(shown.factors)) or "what was shown"
    if seen not in (None, shown.worker_id):
        return _refused(f"{words}: {shown.worker_id}; face: {seen}")
    return fine(f"{words}: {shown.worker_id}")


def _refused(given: str) -> RuleFinding:
    return refuses(Reason.FACTOR_REFUSED, Advice.SEE_DESK, given)


def known(case: DecisionCase) -> RuleFinding:
    if case.worker is not None:
        return fine(case.worker.worker_id)
    if case.claim.worker_id:
        return refuses(Reason.UNKNOWN, Advice.SEE_DESK, f"{case.claim.worker_id} is not on the roster")
    if case.seen is not None:
        return refuses(Reason.NO_DECISION, Advice.SEE_DESK, "the candidate is no longer on the roster")
    return refuses(Reason.UNKNOWN, Advice.SEE_DESK, "nobody on the roster")
