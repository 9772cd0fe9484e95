"""What one decision rests on, and what one rule may say of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contract.messages import Advice, DataTier, Direction, LivenessVerdict, PolicySnapshot, Reason
from contract.policy import Factor
from edge.core.decision.hours import site_time
from edge.core.domain import Circumstances, Claim, Identification, ListAge, RosterState, Sight, Worker


class RuleVerdict(StrEnum):
    """What a rule says."""

    FINE = "fine"
    NOTES = "notes"
    """No objection, but the manager should know."""
    REFUSES = "refuses"
    NOT_ASKED = "not asked"
    """The policy, or the way the person goes, makes the rule pointless."""


@dataclass(frozen=True, slots=True)
class RuleFinding:
    """A rule's verdict, and `given`: what it looked at, in words for the manager. `reason` and `advice` only if it refuses."""

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
    """Everything one decision rests on."""

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
        """What the clock on the site's wall shows."""
        return site_time(self.at.now, self.policy)

    @property
    def shown(self) -> bool:
        """True if something other than the face says who this is, genuine or not."""
        return self.claim.worker_id is not None or bool(self.claim.refusal)

    @property
    def seen(self) -> str | None:
        """Whose face it is, if the matcher names anybody."""
        candidate = self.identification.candidate
        return candidate.worker_id if candidate and self.identification.sight is Sight.KNOWN else None

    @property
    def worker_id(self) -> str | None:
        """Who this is: by what was shown, else by the face. None if nobody, or two different workers, are named."""
        claimed = self.claim.worker_id
        return None if claimed and self.seen not in (None, claimed) else claimed or self.seen

    @property
    def worker(self) -> Worker | None:
        return self.state.workers.get(self.worker_id) if self.worker_id else None

    @property
    def temperature_c(self) -> float | None:
        """The reading, if it is one: what no thermometer could show counts as none, and would not fit in an event."""
        reading = self.at.temperature_c
        return reading if reading is not None and -50 <= reading <= 150 else None

    @property
    def factors(self) -> frozenset[Factor]:
        """The factors that count: of this one worker, and the face only where it was found live if it must be."""
        shown = self.claim.factors - {Factor.FACE} if self.claim.worker_id else frozenset()
        live = not self.at.must_be_live or self.leaving or self.identification.liveness is LivenessVerdict.LIVE
        return shown | {Factor.FACE} if self.seen is not None and live else shown


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
