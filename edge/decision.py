"""May this person pass? A pure function: the same inputs always give the same decision.

The rules stand in one ordered table; the first that objects decides. Nothing here raises for a strange input:
what cannot be judged is NO_DECISION, and the gate stays shut.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract.messages import Advice, DataTier, LivenessVerdict, PolicySnapshot, Reason
from edge.domain import Decision, Identification, ListAge, RosterState, Sight, Worker

CLOCK_SLACK = timedelta(minutes=10)
"""A list may be this far ahead of our clock before we distrust the clock."""


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one decision rests on."""

    identification: Identification
    liveness: LivenessVerdict
    must_be_live: bool
    state: RosterState
    policy: PolicySnapshot
    site_id: str
    now: datetime
    clock_trusted: bool
    roster_tier: DataTier
    risk_tier: DataTier

    @property
    def worker(self) -> Worker | None:
        candidate = self.identification.candidate
        return self.state.workers.get(candidate.worker_id) if candidate else None


Rule = Callable[[Case], tuple[Reason, Advice, str] | None]
"""None: no objection. Otherwise the reason, the next step, and a detail for the manager."""

_SIGHTS: dict[Sight, tuple[Reason, Advice]] = {
    Sight.MULTIPLE_FACES: (Reason.MULTIPLE_FACES, Advice.ONE_BY_ONE),
    Sight.TOO_FAR: (Reason.LOW_QUALITY, Advice.COME_CLOSER),
    Sight.TOO_DARK: (Reason.LOW_QUALITY, Advice.MORE_LIGHT),
    Sight.BLURRED: (Reason.LOW_QUALITY, Advice.HOLD_STILL),
    Sight.TURNED_AWAY: (Reason.LOW_QUALITY, Advice.LOOK_AT_CAMERA),
    Sight.LOOKING_UP: (Reason.LOW_QUALITY, Advice.LOOK_DOWN),
    Sight.LOOKING_DOWN: (Reason.LOW_QUALITY, Advice.LOOK_UP),
    Sight.TOO_BRIGHT: (Reason.LOW_QUALITY, Advice.LESS_LIGHT),
    Sight.OCCLUDED: (Reason.LOW_QUALITY, Advice.UNCOVER_FACE),
    Sight.LOOKING: (Reason.LOW_QUALITY, Advice.LOOK_AT_CAMERA),
    Sight.NOBODY: (Reason.NO_DECISION, Advice.WAIT),
}


def advice_for(sight: Sight) -> Advice | None:
    """The next step the lane shows at once, before any decision; None if there is nothing to say yet."""
    if sight in (Sight.NOBODY, Sight.LOOKING, Sight.KNOWN, Sight.UNKNOWN):
        return None
    return _SIGHTS[sight][1]


def tier(age: ListAge, now: datetime, stale_after_h: float, expired_after_h: float) -> DataTier:
    """How old a list is. No list yet is expired."""
    if age.issued_utc is None:
        return DataTier.EXPIRED
    old = now - age.issued_utc
    if old > timedelta(hours=expired_after_h):
        return DataTier.EXPIRED
    return DataTier.STALE if old > timedelta(hours=stale_after_h) else DataTier.FRESH


def tiers(state: RosterState, site_id: str, now: datetime) -> tuple[DataTier, DataTier]:
    """How old roster and risk list are, by the policy in force."""
    policy = policy_of(state, site_id, now)
    return (
        tier(state.roster, now, policy.roster_stale_after_h, policy.roster_expired_after_h),
        tier(state.risk, now, policy.risk_stale_after_h, policy.risk_expired_after_h),
    )


def policy_of(state: RosterState, site_id: str, now: datetime) -> PolicySnapshot:
    """HQ's policy, or the defaults until the first one arrives."""
    return state.policy or PolicySnapshot(site_id=site_id, issued_utc=now)


def _usable(case: Case) -> tuple[Reason, Advice, str] | None:
    sight = case.identification.sight
    if sight in (Sight.KNOWN, Sight.UNKNOWN):
        return None
    reason, advice = _SIGHTS[sight]
    return reason, advice, sight.value


def _clock(case: Case) -> tuple[Reason, Advice, str] | None:
    issued = [a.issued_utc for a in (case.state.roster, case.state.risk) if a.issued_utc]
    if not case.clock_trusted or any(i > case.now + CLOCK_SLACK for i in issued):
        return Reason.CLOCK_UNTRUSTED, Advice.SEE_DESK, f"the clock says {case.now:%Y-%m-%d %H:%M}"
    return None


def _roster_age(case: Case) -> tuple[Reason, Advice, str] | None:
    for name, age_tier in (("roster", case.roster_tier), ("risk list", case.risk_tier)):
        if age_tier is DataTier.EXPIRED:
            return Reason.ROSTER_EXPIRED, Advice.SEE_DESK, f"the {name} has expired"
        if age_tier is DataTier.STALE and not case.policy.admit_on_stale:
            return (
                Reason.ROSTER_EXPIRED,
                Advice.SEE_DESK,
                f"the {name} is stale and the policy admits nobody on it",
            )
    return None


def _known(case: Case) -> tuple[Reason, Advice, str] | None:
    if case.identification.sight is Sight.UNKNOWN:
        return Reason.UNKNOWN, Advice.SEE_DESK, ""
    if case.worker is None:
        return Reason.NO_DECISION, Advice.SEE_DESK, "the candidate is no longer on the roster"
    return None


def _risk(case: Case) -> tuple[Reason, Advice, str] | None:
    worker = case.worker
    entry = case.state.risks.get(worker.worker_id) if worker else None
    return (Reason.RISK_HOLD, Advice.SEE_DESK, entry.list_name) if entry else None


def _look_alike(case: Case) -> tuple[Reason, Advice, str] | None:
    other = case.identification.look_alike
    if other is None or not case.policy.look_alike_second_factor:
        return None
    return Reason.SECOND_FACTOR, Advice.SEE_DESK, f"looks like {other}"


def _liveness(case: Case) -> tuple[Reason, Advice, str] | None:
    if case.must_be_live and case.liveness is not LivenessVerdict.LIVE:
        return Reason.LIVENESS_DOUBT, Advice.SEE_DESK, case.liveness.value
    return None


def _site(case: Case) -> tuple[Reason, Advice, str] | None:
    worker = case.worker
    if worker and case.site_id not in worker.sites:
        return Reason.NOT_THIS_SITE, Advice.SEE_DESK, ""
    return None


def _active(case: Case) -> tuple[Reason, Advice, str] | None:
    worker = case.worker
    if worker is None:
        return None
    today = case.now.date()
    if not worker.active:
        return Reason.NOT_ACTIVE, Advice.SEE_DESK, "suspended"
    if worker.valid_from and today < worker.valid_from:
        return Reason.NOT_ACTIVE, Advice.SEE_DESK, f"active from {worker.valid_from}"
    if worker.valid_until and today > worker.valid_until:
        return Reason.NOT_ACTIVE, Advice.SEE_DESK, f"active until {worker.valid_until}"
    return None


def _training(case: Case) -> tuple[Reason, Advice, str] | None:
    worker = case.worker
    if worker is None or not case.policy.training_required:
        return None
    until = worker.training_valid_until
    if until is None:
        return Reason.TRAINING_LAPSED, Advice.SEE_DESK, "no training on record"
    if case.now.date() > until:
        return Reason.TRAINING_LAPSED, Advice.SEE_DESK, f"valid until {until}"
    return None


RULES: tuple[tuple[str, Rule], ...] = (
    ("usable face", _usable),
    ("clock", _clock),
    ("age of the lists", _roster_age),
    ("known worker", _known),
    ("risk list", _risk),
    ("look-alike", _look_alike),
    ("a person, not a picture", _liveness),
    ("this site", _site),
    ("active", _active),
    ("training", _training),
)
"""In this order; the first objection decides. Risk comes before the rest so that a listed worker is never told
about a lesser matter and sent away."""


def decide(
    identification: Identification,
    liveness: LivenessVerdict,
    state: RosterState,
    site_id: str,
    now: datetime,
    clock_trusted: bool,
    must_be_live: bool = False,
) -> Decision:
    """The decision for one identified (or not identified) person, by HQ's policy in `state`.

    `must_be_live`: any verdict but "live" refuses; otherwise liveness is only recorded.
    """
    roster_tier, risk_tier = tiers(state, site_id, now)
    policy = policy_of(state, site_id, now)
    case = Case(
        identification, liveness, must_be_live, state, policy, site_id, now, clock_trusted, roster_tier, risk_tier
    )
    objection = next((found for _, rule in RULES if (found := rule(case))), None)
    reason, advice, detail = objection or (Reason.GRANTED, Advice.WALK_THROUGH, "")
    candidate = identification.candidate
    known = identification.sight is Sight.KNOWN and candidate is not None
    return Decision(
        reason=reason,
        advice=advice,
        worker_id=candidate.worker_id if known and candidate else None,
        score=candidate.score if candidate else None,
        threshold=identification.threshold,
        frames=identification.frames,
        liveness=liveness,
        roster_tier=roster_tier,
        risk_tier=risk_tier,
        detail=detail,
    )


def pairs_in_words(look_alikes: Mapping[str, str], shown: int = 3) -> str:
    """Who looks like whom, each pair once, the first few by id: fit for an event's detail."""
    pairs = sorted({tuple(sorted(pair)) for pair in look_alikes.items()})
    words = ", ".join(f"{a} ~ {b}" for a, b in pairs[:shown])
    return words + (f" and {len(pairs) - shown} more pairs" if len(pairs) > shown else "")
