"""The inputs of one decision, and the possible findings of a rule."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contract.messages import Advice, DataTier, Direction, LivenessVerdict, PolicySnapshot, Reason
from contract.policy import Factor
from edge.core.decision.hours import site_time
from edge.core.domain import Circumstances, Claim, Decision, Identification, ListAge, RosterState, Sight, Worker


class RuleVerdict(StrEnum):
    """A rule's verdict."""

    FINE = "fine"
    NOTES = "notes"
    """No objection, but the manager should know."""
    REFUSES = "refuses"
    NOT_ASKED = "not asked"
    """The policy or the direction makes the rule irrelevant."""


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """A rule's verdict, and `given`: what it checked, as text for the manager. `reason` and `advice` only for a
    refusal."""

    verdict: RuleVerdict
    given: str
    reason: Reason | None = None
    advice: Advice | None = None


def fine(given: str) -> RuleFinding:
    return RuleFinding(RuleVerdict.FINE, given)


def notes(given: str) -> RuleFinding:
    return RuleFinding(RuleVerdict.NOTES, given)


def not_asked(given: str) -> RuleFinding:
    return RuleFinding(RuleVerdict.NOT_ASKED, given)


def refuses(reason: Reason, advice: Advice, given: str) -> RuleFinding:
    return RuleFinding(RuleVerdict.REFUSES, given, reason, advice)


@dataclass(frozen=True, slots=True)
class DecisionCase:
    """All inputs of one decision."""

    identification: Identification
    claim: Claim
    at: Circumstances
    state: RosterState
    policy: PolicySnapshot
    roster_tier: DataTier
    risk_tier: DataTier

    @classmethod
    def of(cls, seen: Identification, claim: Claim, state: RosterState, at: Circumstances) -> "DecisionCase":
        policy = policy_of(state, at.site_id, at.now)
        return cls(seen, claim, at, state, policy, *tiers(state, at.site_id, at.now))

    @property
    def leaving(self) -> bool:
        return self.at.direction is Direction.OUT

    @property
    def local(self) -> datetime:
        """The site's local time."""
        return site_time(self.at.now, self.policy)

    @property
    def shown(self) -> bool:
        """True if something other than the face names the person, genuine or not."""
        return self.claim.worker_id is not None or bool(self.claim.refusal)

    @property
    def seen(self) -> str | None:
        """The worker of the recognised face; None if there is none."""
        candidate = self.identification.candidate
        return candidate.worker_id if candidate and self.identification.sight is Sight.KNOWN else None

    @property
    def worker_id(self) -> str | None:
        """The person's worker id, by the credential or else by the face. None if nobody, or two different workers,
        are named."""
        claimed = self.claim.worker_id
        return None if claimed and self.seen not in (None, claimed) else claimed or self.seen

    @property
    def worker(self) -> Worker | None:
        """The person's entry on the roster. A visitor has none, and gets one without papers for this site."""
        if self.claim.visitor and self.worker_id is not None:
            return Worker(self.worker_id, frozenset({self.at.site_id}))
        return self.state.workers.get(self.worker_id) if self.worker_id else None

    @property
    def temperature_c(self) -> float | None:
        """The temperature. An impossible reading counts as none, and would not fit into an event."""
        reading = self.at.temperature_c
        return reading if reading is not None and -50 <= reading <= 150 else None

    @property
    def factors(self) -> frozenset[Factor]:
        """The factors that count for this worker. The face counts only if it was found live, where that is demanded."""
        shown = self.claim.factors - {Factor.FACE} if self.claim.worker_id else frozenset()
        live = not self.at.must_be_live or self.leaving or self.identification.liveness is LivenessVerdict.LIVE
        return shown | {Factor.FACE} if self.seen is not None and live else shown


def tier(age: ListAge, now: datetime, stale_after_h: float, expired_after_h: float) -> DataTier:
    """Return a list's age tier. A missing list is expired."""
    if age.issued_utc is None:
        return DataTier.EXPIRED
    old = now - age.issued_utc
    if old > timedelta(hours=expired_after_h):
        return DataTier.EXPIRED
    return DataTier.STALE if old > timedelta(hours=stale_after_h) else DataTier.FRESH


def tiers(state: RosterState, site_id: str, now: datetime) -> tuple[DataTier, DataTier]:
    """Return the age tiers of roster and risk list, by the policy in force."""
    policy = policy_of(state, site_id, now)
    return (
        tier(state.roster, now, policy.roster_stale_after_h, policy.roster_expired_after_h),
        tier(state.risk, now, policy.risk_stale_after_h, policy.risk_expired_after_h),
    )


def policy_of(state: RosterState, site_id: str, now: datetime) -> PolicySnapshot:
    """Return HQ's policy, or the defaults before the first one."""
    return state.policy or PolicySnapshot(site_id=site_id, issued_utc=now)


def decision_of(case: DecisionCase, reason: Reason | None, advice: Advice | None, detail: str) -> Decision:
    """Make a decision of a case, with everything that the event records."""
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
