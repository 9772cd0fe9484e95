"""Make one decision from lists, clock, presence, temperature and waiting pairs."""

from datetime import datetime, timedelta

from contract.messages import DiskStep, NoticeCode, PolicySnapshot
from edge.core.config import Config
from edge.core.decision import TwoPersonWaits, decide, policy_of
from edge.core.domain import Circumstances, Claim, Decision, Identification, Sight
from edge.loop.adapters import Adapters
from edge.loop.journal_writer import JournalWriter


class Decider:
    def __init__(self, config: Config, adapters: Adapters, writer: JournalWriter) -> None:
        self._config, self._adapters, self._writer = config, adapters, writer
        self._two_person_waits = TwoPersonWaits()
        self._thermometer_ok = True

    def decide(self, seen: Identification, claim: Claim, locked_down: bool = False, barred: bool = False) -> Decision:
        """Decide on the identified person and the claim. `locked_down`: a lock-down closes this way. `barred`: a
        grant will not be executed, so it must not use up a pair."""
        clock, state = self._adapters.clock, self._adapters.roster.state
        now, monotonic = clock.utc(), clock.monotonic()
        policy = policy_of(state, self._config.site.site_id, now)
        worker_id = claim.worker_id or _named(seen)
        partner = self._two_person_waits.partner_of(worker_id, monotonic) if worker_id else None
        at = self._circumstances(worker_id, now, policy, partner, locked_down)
        decision = decide(seen, claim, state, at)
        if policy.two_person and not (barred and decision.granted):
            self._two_person_waits = self._two_person_waits.after(
                decision, partner, monotonic, policy.two_person_within_s
            )
        return decision

    def greets(self, decision: Decision) -> str | None:
        """Return the admitted worker, if the policy lets the lane show a short name."""
        if not decision.granted:
            return None
        policy = policy_of(self._adapters.roster.state, self._config.site.site_id, self._adapters.clock.utc())
        return decision.worker_id if policy.lane_names else None

    def check_thermometer(self) -> None:
        """Record when the thermometer is lost or back."""
        if self._adapters.thermometer is None:
            return
        status = self._adapters.thermometer.status()
        if status.ok != self._thermometer_ok:
            self._thermometer_ok = status.ok
            code = NoticeCode.READER_BACK if status.ok else NoticeCode.READER_LOST
            self._writer.defer_notice(code, f"thermometer: {status.detail}")

    def _circumstances(
        self, worker_id: str | None, now: datetime, policy: PolicySnapshot, partner: str | None, locked_down: bool
    ) -> Circumstances:
        site, presence, thermometer, disk = (
            self._config.site,
            self._adapters.presence,
            self._adapters.thermometer,
            self._adapters.disk,
        )
        measured = policy.temperature_max_c is not None  # health data: measure only if the policy asks for it
        since = now - timedelta(hours=policy.anti_passback_forgets_after_h)
        version = presence.follow(policy.presence_max_age_s) if presence else 0
        return Circumstances(
            site_id=site.site_id,
            direction=site.direction,
            now=now,
            clock_trusted=self._adapters.clock.trusted(),
            must_be_live=self._config.liveness.must_be_live,
            locked_down=locked_down,
            disk_critical=disk is not None and disk.step is DiskStep.CRITICAL,
            temperature_c=thermometer.celsius() if thermometer and measured else None,
            inside=presence.inside(since) if presence else 0,
            presence_version=version,
            last_passage=presence.last_passage(worker_id) if presence and worker_id else None,
            partner=partner,
            area=site.area,
        )


def _named(seen: Identification) -> str | None:
    return seen.candidate.worker_id if seen.candidate and seen.sight is Sight.KNOWN else None
